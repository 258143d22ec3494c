import TorrentCore

/// Who gets a share of the datagrams of a `DatagramPort`.
protocol DatagramReceiver: AnyObject {
    /// A datagram has come; its bytes are borrowed for the call. Anybody can send anything, under
    /// any sender's address.
    func received(_ datagram: Span<UInt8>, from sender: Endpoint, now: Timestamp)

    /// The port has finished a round of receiving: whoever answers many datagrams at once does so
    /// now.
    func finishedReceiving(now: Timestamp)

    /// A `send` of this or another receiver had failed for want of room, and there is room again.
    func canSend(now: Timestamp)
}
