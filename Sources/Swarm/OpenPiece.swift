import TorrentCore

/// A piece that has a buffer.
struct OpenPiece {
    enum State {
        /// The slot is free.
        case closed
        /// Blocks are being fetched, or wait for demand to return.
        case active
        /// The buffer is with the hashing threads.
        case verifying
    }

    var state = State.closed
    /// The turn in which it was opened. What comes for it in that turn was asked for before, and its
    /// new buffer is not there yet.
    var openedIn: UInt64 = 0
    var piece = PieceIndex(0)
    var length = 0
    var blockCount = 0
    /// Blocks with status `missing`.
    var missing = 0
    /// Blocks that are not present.
    var remaining = 0
    /// No block below this one is missing.
    var cursor = 0
    /// A read waits for it. Counts against all of the budget instead of the speculative share.
    var isUrgent = false
    /// It failed before: one peer is to send all of it, so that the culprit shows.
    var isOnParole = false
    /// The slot of the peer that has it on parole; nobody yet where negative.
    var paroleOwner = BlockRecord.nobody
    /// Other readers were told that we fetch it from a seed.
    var isClaimed = false
    /// Since when a read is known to wait for peers that have it.
    var urgentSince: Timestamp?
    /// It has no buffer, and only blocks that reads wait for are fetched.
    var isSparse = false
    /// It is to become whole as soon as there is memory.
    var isToBeWhole = false
    /// Bytes that it counts for in the memory budget.
    var charge = 0
    /// Since when nobody wants it.
    var idleSince: Timestamp?

    /// Blocks that have arrived.
    var present: Int { blockCount - remaining }
}
