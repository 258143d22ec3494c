/// One info dictionary in the making: what the peers that claim one size have sent.
///
/// Nothing is allocated for the claim itself, only for pieces that arrived.
struct MetadataCandidate: Sendable {
    /// Who may contribute.
    enum Source: Equatable, Sendable {
        /// All peers of this size.
        case shared
        /// One peer alone: a mixture did not verify, and only so a liar can be told. Nil while
        /// nobody is chosen.
        case single(UInt32?)
    }

    /// The claimed length in bytes.
    let size: Int
    /// How many pieces that makes.
    let pieceCount: Int
    private(set) var source = Source.shared
    private var pieces: [Int: [UInt8]] = [:]
    /// Who sent the pieces, each once.
    private(set) var contributors: [UInt32] = []
    /// The first piece that was never handed out.
    private var nextFresh = 0
    /// Pieces that were handed out in vain.
    private var returned: [Int] = []

    init(size: Int) {
        self.size = size
        pieceCount = MetadataMessage.pieceCount(size: size)
    }

    /// How many bytes have arrived.
    private(set) var storedBytes = 0

    var isComplete: Bool { pieces.count == pieceCount }

    func has(_ piece: Int) -> Bool { pieces[piece] != nil }

    /// Whether there may be pieces that nobody is asked for.
    var hasUnassigned: Bool { !returned.isEmpty || nextFresh < pieceCount }

    /// A piece that nobody is asked for.
    mutating func takePiece() -> Int? {
        while let piece = returned.popLast() {
            if !has(piece) { return piece }
        }
        while nextFresh < pieceCount {
            nextFresh += 1
            if !has(nextFresh - 1) { return nextFresh - 1 }
        }
        return nil
    }

    /// Hands a piece back that was asked for in vain.
    mutating func giveBack(_ piece: Int) {
        if !has(piece), !returned.contains(piece) { returned.append(piece) }
    }

    mutating func store(_ bytes: [UInt8], piece: Int, from peer: UInt32) {
        // The first to come stays, or its sender would answer for another's bytes.
        guard !has(piece) else { return }
        pieces[piece] = bytes
        storedBytes += bytes.count
        if !contributors.contains(peer) { contributors.append(peer) }
    }

    /// The whole, once it is complete.
    func assembled() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        for piece in 0..<pieceCount { bytes.append(contentsOf: pieces[piece] ?? []) }
        return bytes
    }

    /// Forgets what has arrived, and starts over.
    mutating func restart(_ source: Source) {
        self.source = source
        pieces = [:]
        contributors = []
        nextFresh = 0
        returned = []
        storedBytes = 0
    }

    /// Whether a peer's pieces count.
    func accepts(_ peer: UInt32) -> Bool {
        switch source {
        case .shared: true
        case .single(let only): only == peer
        }
    }
}
