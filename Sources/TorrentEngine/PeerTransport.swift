import Reactor
import TorrentCore

/// The byte stream under a peer connection: TCP itself, or something that looks like it.
///
/// Nothing blocks. Everything happens on the shard's thread. Calls are one a turn or one a system
/// call, never one a block, so that the indirection costs nothing.
protocol PeerTransport: AnyObject {
    /// Tells `owner` from now on what it may do, of what is in `interest`; keeps it until `stop`.
    func start(
        _ owner: any PeerTransportOwner, interest: EventInterest, in context: ShardContext
    ) throws(SystemError)

    /// Ends the stream: the owner hears nothing more. The bytes that `write` took are still
    /// delivered as far as the peer takes them, unless `dropUnsentAtClose` was called before. Once,
    /// after a `start` that succeeded.
    func stop()

    /// Changes what the owner is told of. Level-triggered: it is told in every turn in which it
    /// could read or write.
    func watch(_ interest: EventInterest) throws(SystemError)

    /// The error number of an outgoing connection's attempt, zero when it has succeeded. Final when
    /// the owner is first told that it can write.
    var connectError: Int32 { get }

    /// Whether the bytes go in uTP's datagrams.
    var isUTP: Bool { get }

    /// The round trip measured so far; nil before. May cost a system call.
    var roundTrip: Interval? { get }

    /// Lets what was not sent yet be dropped by `stop`, instead of being sent afterwards.
    func dropUnsentAtClose()

    /// Acknowledges at once what has been received, where that would otherwise wait for more.
    func acknowledgeNow()

    /// Lets the stream count as readable from so many bytes on, at least one, and at its end. A
    /// transport for which that saves nothing ignores it.
    func setReceiveLowWater(_ bytes: Int)

    /// Fills `first`, then `second`, either of which may be empty, with what is there. Once started.
    func read(
        into first: UnsafeMutableRawBufferPointer, _ second: UnsafeMutableRawBufferPointer
    ) -> TransferResult

    /// Takes the bytes of `parts` in turn, as many as there is room for. They are the caller's again
    /// afterwards. Once the attempt to connect has succeeded.
    func write(_ parts: [UnsafeRawBufferPointer]) -> TransferResult
}
