package import TorrentCore

/// One direction of a path that datagrams take: a link with a queue, and what goes wrong on it.
package struct SimulatedPath: Sendable {
    /// Bytes a second that the link carries.
    package var rate = 1_250_000
    /// From one end to the other, without a queue.
    package var delay = Interval.milliseconds(50)
    /// Bytes that wait for the link at most; more are dropped.
    package var queueLimit = 250_000
    /// The share that is lost at random.
    package var loss = 0.0
    /// Each datagram takes up to so much longer, at random, and so overtakes others.
    package var jitter = Interval.zero
    /// The share that arrives twice.
    package var duplication = 0.0
    /// The share of which a random byte is another on arrival.
    package var corruption = 0.0
    /// Longer datagrams are dropped, unless they may be cut up.
    package var mtu = 1472

    /// 10 Mbit/s, 50 ms and 200 ms of queue, nothing goes wrong.
    package init() {}
}
