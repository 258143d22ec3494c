import TorrentCore

/// One request that a peer has not answered yet; a small flat record, since a fast peer has
/// hundreds.
struct OutstandingRequest {
    struct Flags: OptionSet {
        let rawValue: UInt8
        /// The payload has begun to arrive.
        static let begun = Flags(rawValue: 1)
        /// We do not want it any more. The record stays until the peer answers, or a time-out.
        static let cancelled = Flags(rawValue: 2)
        /// Others may be asked for the block: the peer stalls or chokes.
        static let abandoned = Flags(rawValue: 4)
        /// Nothing else was outstanding when it was sent: its first byte measures a round trip.
        static let alone = Flags(rawValue: 8)
        /// No read waited for it when it was sent.
        static let speculative = Flags(rawValue: 16)
        /// The payload goes nowhere, whatever happens to its piece before it has arrived.
        static let discarded = Flags(rawValue: 32)
        /// Cancelled for something more urgent only: should the block come all the same it is
        /// taken, and nobody else is asked before the peer has rejected it (BEP 6).
        static let recalled = Flags(rawValue: 64)
    }

    let piece: Int32
    let block: UInt16
    let length: UInt16
    var flags: Flags
    let sentAt: Timestamp
    /// When it should have arrived, by the peer's model as it was.
    let expectedAt: Timestamp

    var isCancelled: Bool { flags.contains(.cancelled) }

    var request: BlockRequest {
        BlockRequest(
            piece: PieceIndex(piece), begin: Int(block) * BlockRequest.standardLength,
            length: Int(length))
    }
}
