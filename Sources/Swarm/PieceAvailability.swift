package import TorrentCore

/// How many connected peers have each piece.
///
/// Peers that have everything are one counter, so that a swarm of seeds costs nothing; the others
/// count in one array. A bitfield costs a pass over its set bits, a `have` costs one addition.
package struct PieceAvailability: Sendable {
    private var counts: [UInt16]
    /// Peers that have every piece.
    package private(set) var seedCount = 0
    /// Peers that have some pieces, or none yet.
    package private(set) var partialPeerCount = 0

    /// No peers.
    package init(pieceCount: Int) { counts = Array(repeating: 0, count: pieceCount) }

    /// How many peers have the piece.
    package func count(of piece: PieceIndex) -> Int { Int(counts[piece.value]) + seedCount }

    /// A peer that has everything.
    package mutating func addSeed() { seedCount += 1 }

    /// The reverse of `addSeed`.
    package mutating func removeSeed() { seedCount -= 1 }

    /// A peer with these pieces.
    package mutating func add(_ pieces: borrowing Bitfield) {
        partialPeerCount += 1
        forEachRun(of: pieces) { $0 &+= 1 }
    }

    /// The reverse of `add`, with the pieces as they are now.
    package mutating func remove(_ pieces: borrowing Bitfield) {
        partialPeerCount -= 1
        forEachRun(of: pieces) { $0 &-= 1 }
    }

    /// A partial peer got a piece. The owner has checked that it was clear before.
    package mutating func gained(_ piece: PieceIndex) { counts[piece.value] &+= 1 }

    /// A partial peer lost a piece. The owner has checked that it was set before.
    package mutating func lost(_ piece: PieceIndex) { counts[piece.value] &-= 1 }

    private mutating func forEachRun(
        of pieces: borrowing Bitfield, _ change: (inout UInt16) -> Void
    ) {
        let end = PieceIndex(counts.count)
        var next = PieceIndex(0)
        while let from = pieces.first(in: next..<end, isSet: true) {
            next = pieces.first(in: from..<end, isSet: false) ?? end
            for index in from.value..<next.value { change(&counts[index]) }
        }
    }
}
