package import TorrentCore

/// The torrent that a simulated swarm shares.
package struct SimulatedContent: Sendable {
    /// How it is cut.
    package let geometry: PieceGeometry
    /// Its name in handshakes.
    package let identity: TorrentIdentity
    /// All of it.
    package let bytes: [UInt8]
    private let digests: [SHA1Digest]

    /// `length` bytes that follow from `seed`.
    package init(length: Int, pieceLength: Int, seed: UInt64) {
        geometry = PieceGeometry(totalLength: Int64(length), pieceLength: pieceLength)
        var random = SeededRandom(seed: seed)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(length + 8)
        while bytes.count < length {
            withUnsafeBytes(of: random.next()) { bytes.append(contentsOf: $0) }
        }
        bytes.removeLast(bytes.count - length)
        self.bytes = bytes
        let hashing = SimulatedHashing()
        var digests: [SHA1Digest] = []
        for piece in geometry.pieces {
            let range = Self.range(of: piece, geometry)
            digests.append(hashing.sha1(bytes.span.extracting(range)))
        }
        self.digests = digests
        identity = TorrentIdentity(v1: hashing.sha1(bytes.span))
    }

    /// Where a piece lies.
    package func range(of piece: PieceIndex) -> Range<Int> { Self.range(of: piece, geometry) }

    /// A piece's bytes.
    package func bytes(of piece: PieceIndex) -> ArraySlice<UInt8> { bytes[range(of: piece)] }

    /// A block's bytes.
    func bytes(of block: BlockRequest) -> ArraySlice<UInt8> {
        let start = range(of: block.piece).lowerBound + Int(block.begin)
        return bytes[start..<start + Int(block.length)]
    }

    /// Whether these are the piece's bytes, byte by byte.
    func isEqual(_ candidate: [UInt8], to piece: PieceIndex) -> Bool {
        let range = range(of: piece)
        guard candidate.count == range.count else { return false }
        // By words, since a debug build compares a million a second.
        let mine = bytes.span.extracting(range).bytes
        let other = candidate.span.bytes
        var offset = 0
        while offset + 8 <= mine.byteCount {
            let left = mine.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
            let right = other.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
            guard left == right else { return false }
            offset += 8
        }
        while offset < mine.byteCount {
            guard candidate[offset] == bytes[range.lowerBound + offset] else { return false }
            offset += 1
        }
        return true
    }

    /// Whether these are the piece's bytes, by its digest.
    func verifies(_ piece: PieceIndex, _ candidate: [UInt8]) -> Bool {
        SimulatedHashing().sha1(candidate.span) == digests[piece.value]
    }

    private static func range(of piece: PieceIndex, _ geometry: PieceGeometry) -> Range<Int> {
        let start = piece.value * geometry.pieceLength
        return start..<start + geometry.length(of: piece)
    }
}
