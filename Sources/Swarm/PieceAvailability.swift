package import TorrentCore

/// How many connected peers have each piece.
///
/// Peers that have everything are one counter, so that a swarm of seeds costs nothing; the others
/// count in one array. A bitfield costs a pass over its set bits; a piece that a peer gets or loses,
/// be it the seed's first loss, costs one addition, so that no peer makes work by changing its mind.
package struct PieceAvailability: Sendable {
    /// What comes to `wholeCount`; less than nothing where those counted there lack the piece.
    private var counts: [Int16]
    /// Peers that have every piece, or had until they lost some.
    private var wholeCount = 0
    /// Peers that have every piece.
    package private(set) var seedCount = 0
    /// Peers that have some pieces, or none yet.
    package private(set) var partialPeerCount = 0

    /// No peers.
    package init(pieceCount: Int) { counts = Array(repeating: 0, count: pieceCount) }

    /// How many peers have the piece.
    package func count(of piece: PieceIndex) -> Int { Int(counts[piece.value]) + wholeCount }

    // MARK: - Seeds

    /// A peer that has everything.
    package mutating func addSeed() {
        wholeCount += 1
        seedCount += 1
    }

    /// The reverse of `addSeed`.
    package mutating func removeSeed() {
        wholeCount -= 1
        seedCount -= 1
    }

    /// A peer that had everything lost a first piece; the next ones are told by `lost`.
    package mutating func seedLost(_ piece: PieceIndex) {
        seedCount -= 1
        partialPeerCount += 1
        lost(piece)
    }

    /// The reverse of `seedLost`: a former seed has got its last piece back, which `gained` told.
    package mutating func seedReturned() {
        seedCount += 1
        partialPeerCount -= 1
    }

    /// A former seed is gone, which has these pieces now.
    package mutating func removeFormerSeed(_ pieces: borrowing Bitfield) {
        wholeCount -= 1
        partialPeerCount -= 1
        forEachRun(of: pieces, isSet: false) { $0 &+= 1 }
    }

    // MARK: - Others

    /// A peer with these pieces.
    package mutating func add(_ pieces: borrowing Bitfield) {
        partialPeerCount += 1
        forEachRun(of: pieces, isSet: true) { $0 &+= 1 }
    }

    /// The reverse of `add`, with the pieces as they are now.
    package mutating func remove(_ pieces: borrowing Bitfield) {
        partialPeerCount -= 1
        forEachRun(of: pieces, isSet: true) { $0 &-= 1 }
    }

    /// A partial peer got a piece. The owner has checked that it was clear before.
    package mutating func gained(_ piece: PieceIndex) { counts[piece.value] &+= 1 }

    /// A partial peer lost a piece. The owner has checked that it was set before.
    package mutating func lost(_ piece: PieceIndex) { counts[piece.value] &-= 1 }

    private mutating func forEachRun(
        of pieces: borrowing Bitfield, isSet: Bool, _ change: (inout Int16) -> Void
    ) {
        let end = PieceIndex(counts.count)
        var next = PieceIndex(0)
        while let from = pieces.first(in: next..<end, isSet: isSet) {
            next = pieces.first(in: from..<end, isSet: !isSet) ?? end
            for index in from.value..<next.value { change(&counts[index]) }
        }
    }
}
