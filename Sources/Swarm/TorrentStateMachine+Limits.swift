import TorrentCore

extension TorrentStateMachine {
    /// How often stalls, time-outs and idle pieces are looked at while anything is open: a stall
    /// is noticed an eighth too late at worst.
    static let maintenanceInterval = Interval.milliseconds(250)
    /// How often late blocks are looked for while reads wait: a round trip within a country, at a
    /// few microseconds each.
    static let lateCheckInterval = Interval.milliseconds(10)
    /// A peer that was late and owes nothing any more is given one block that another peer has been
    /// asked for too, this long after, and then at twice the time each...
    static let firstProbe = Interval.milliseconds(250)
    /// ...up to this.
    static let longestProbe = Interval.seconds(8)
    /// Peers that fell silent together come back within this of each other.
    static let recoveryTime = Interval.milliseconds(100)
    /// A peer that sends, but is to need so much longer for a block than another, even where that
    /// one is busy, is helped out.
    static let helpThreshold = 0.25
    /// Another peer is only asked for a block where it is to be quicker by this factor, since
    /// predictions err.
    static let helpFactor = 1.5
    /// A peer with less than this share of the median rate is kept from the pieces next in line.
    static let slowShare = 4.0
    /// A peer that sent nothing for this long while requests are out has stalled, unless it is
    /// known to be so slow that this is normal.
    static let stallTime = 2.0
    /// A peer has stalled when a block takes this many times as long as it should.
    static let stallFactor = 4.0
    /// A request to a stalled peer is given up after this long, as Transmission does, and may
    /// then be made again.
    static let requestTimeout = Interval.seconds(25)
    /// A Fast peer that chokes has to reject what it does not send (BEP 6); one that does neither
    /// is not waited for longer than this.
    static let rejectTimeout = Interval.seconds(5)
    /// How long after its expected arrival a cancelled request is kept in mind. Some peers never
    /// answer a cancel.
    static let cancelTimeout = Interval.seconds(5)
    /// The same where the peer has answered a later request since: then it is one of those.
    static let passedOverTimeout = Interval.milliseconds(250)
    /// How long the blocks of a piece that nobody wants any more are kept, for a reader that
    /// comes back.
    static let idlePieceTime = Interval.seconds(30)
    /// Opening is tried again this long after there was no buffer.
    static let bufferRetry = Interval.milliseconds(100)
    /// A piece is not asked again of a peer that rejected it for this long, doubled each time...
    static let firstRefusal = Interval.milliseconds(500)
    /// ...this often, to 32 seconds.
    static let refusalDoublings = 6
    /// Refusals remembered for each peer.
    static let refusalLimit = 64
    /// Speculative requests are cancelled for an urgent block where they would hold it up by more
    /// seconds than this; less is not worth the bytes that come anyway.
    static let cancelThreshold = 0.02
    /// Bytes that may always be requested twice: a sixteenth of a 4 MiB piece.
    static let duplicateFloor = 16 * BlockRequest.standardLength
    /// Beyond that, one byte in this many of what reads wait for may be requested twice.
    static let duplicateShare = 4
    /// Pieces among which the rarest is looked for.
    static let rarityHorizon = 64
}

extension OutstandingRequest {
    /// Blocks are numbered by 16 bits here: pieces of up to 1 GiB.
    static let blockLimit = 1 << 16
}
