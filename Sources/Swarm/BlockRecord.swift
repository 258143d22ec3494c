/// State of one block of an open piece: a flat record of 16 bytes.
struct BlockRecord {
    enum Status: UInt8 {
        /// Nobody needs it: of a piece of which only blocks that reads wait for are fetched.
        case unwanted
        /// To be requested.
        case missing
        /// Requested of somebody who is still expected to answer.
        case requested
        /// In the buffer, or padding, which the buffer has from the start.
        case present
    }

    /// How far a block that is verified by itself has come (BEP 52).
    enum Check: UInt8 {
        case none
        /// It is being hashed.
        case verifying
        /// It is right, whoever sent it.
        case verified
    }

    /// More copies of one block are never asked for.
    static let requesterLimit = 3
    /// "No peer" among slot numbers.
    static let nobody: Int16 = -1
    /// "No peer" among keys: padding, or not arrived.
    static let noSender = UInt32.max

    var status: Status = .missing
    /// How many of the requesters are still expected to answer soon.
    var expected: UInt8 = 0
    /// Slots of the peers that are to send it, by requests that are not cancelled or that were only
    /// recalled; never one twice.
    private var first = nobody
    private var second = nobody
    private var third = nobody
    /// Slot of the peer that writes it straight into the buffer now.
    var writer = nobody
    /// Of a sparse piece's block that is present.
    var check = Check.none
    /// Key of the peer that sent it.
    var sender = noSender

    var requesterCount: Int {
        (first != Self.nobody ? 1 : 0) + (second != Self.nobody ? 1 : 0)
            + (third != Self.nobody ? 1 : 0)
    }

    func isRequested(of peer: Int16) -> Bool { first == peer || second == peer || third == peer }

    /// The slots in no particular order; `nobody` where there is none.
    var requesters: (Int16, Int16, Int16) { (first, second, third) }

    /// Adds a requester that is expected to answer; there must be room.
    mutating func addRequester(_ peer: Int16) {
        if first == Self.nobody {
            first = peer
        } else if second == Self.nobody {
            second = peer
        } else {
            precondition(third == Self.nobody)
            third = peer
        }
        expected += 1
    }

    mutating func removeRequesters() {
        (first, second, third) = (Self.nobody, Self.nobody, Self.nobody)
        expected = 0
    }

    mutating func removeRequester(_ peer: Int16) {
        if first == peer { first = Self.nobody }
        if second == peer { second = Self.nobody }
        if third == peer { third = Self.nobody }
    }
}
