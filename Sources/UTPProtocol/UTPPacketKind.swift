/// The type of a packet (BEP 29).
package enum UTPPacketKind: UInt8, Sendable {
    /// Bytes of the stream; counts in sequence numbers.
    case data
    /// No more bytes will come; counts in sequence numbers.
    case fin
    /// An acknowledgement only; carries the sequence number of the next packet to be sent.
    case state
    /// The connection is gone.
    case reset
    /// Asks for a connection; counts in sequence numbers.
    case syn
}
