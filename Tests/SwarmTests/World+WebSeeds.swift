import Metainfo
import Swarm
import Testing
import TorrentCore

extension World {
    /// Keys of lanes start here: seed 0 has 1000..., seed 1 has 1100...
    static let firstLane: UInt32 = 1000

    /// The world's pieces as files of the given lengths, in bytes; one file where none is given.
    func layout(_ lengths: [Int] = []) throws -> FileLayout {
        let total = geometry.pieces.reduce(0) { $0 + geometry.length(of: $1) }
        let hashes = String(repeating: "h", count: geometry.pieceCount * 20)
        let tail =
            "4:name4:data12:piece lengthi\(geometry.pieceLength)e"
            + "6:pieces\(hashes.utf8.count):\(hashes)e"
        let text: String
        if lengths.isEmpty {
            text = "d6:lengthi\(total)e" + tail
        } else {
            let files = lengths.enumerated().map { number, length in
                let name = "file\(number)"
                return "d6:lengthi\(length)e4:pathl\(name.utf8.count):\(name)ee"
            }
            text = "d5:filesl\(files.joined())e" + tail
        }
        return try InfoDictionary(parsing: Array(text.utf8), hashing: NoHashing()).layout
    }

    /// Adds a web seed.
    mutating func addWebSeed(_ number: UInt32 = 0, files: [Int] = []) throws {
        let keys = (0..<UInt32(TorrentStateMachine.webSeedLaneCount)).map {
            PeerKey(Self.firstLane + number * 100 + $0)
        }
        machine.addWebSeed(lanes: keys, layout: try layout(files), now: now)
    }

    /// What is being fetched, as `seed:piece.block-piece.block`, in order of the blocks.
    var fetched: [String] {
        fetches.values.sorted { left, right in
            let (a, b) = (left.blocks[0], right.blocks[0])
            return (a.piece, a.begin, left.seed) < (b.piece, b.begin, right.seed)
        }.map { fetch in
            let (first, last) = (fetch.blocks[0], fetch.blocks[fetch.blocks.count - 1])
            return "\(fetch.seed):\(first.piece).\(first.blockIndex)-"
                + "\(last.piece).\(last.blockIndex)"
        }
    }

    /// The lane that fetches this piece, or its first part.
    func lane(of piece: Int) throws -> UInt32 {
        try #require(
            fetches.filter { $0.value.blocks.contains { $0.piece == PieceIndex(piece) } }
                .min { ($0.value.blocks[0].begin, $0.key) < ($1.value.blocks[0].begin, $1.key) }?
                .key)
    }

    /// A lane sends so many of its blocks, or all of them and the end.
    mutating func send(_ lane: UInt32, blocks: Int = .max) {
        guard let fetch = fetches[lane] else { return }
        for block in fetch.blocks { _ = machine.blockBegan(PeerKey(lane), block, now: now) }
        machine.webSeedAnswered(PeerKey(lane), now: now)
        for block in fetch.blocks.prefix(blocks) {
            _ = machine.blockArrived(PeerKey(lane), block, now: now)
        }
        if blocks >= fetch.blocks.count {
            fetches[lane] = nil
            machine.webSeedEnded(PeerKey(lane), now: now)
        }
        turn()
    }

    /// A lane fails.
    mutating func fail(_ lane: UInt32, _ failure: WebSeedFailure, file: Int? = nil) {
        fetches[lane] = nil
        machine.webSeedEnded(
            PeerKey(lane), failure: failure, file: file.map { FileIndex($0) }, now: now)
        turn()
    }

    /// How the first web seed does.
    mutating func webSeed(_ number: Int = 0) -> WebSeedStatistics {
        machine.webSeedStatistics(now: now)[number]
    }
}

/// Digests that nobody looks at.
private struct NoHashing: Hashing {
    func sha1(_ bytes: Span<UInt8>) -> SHA1Digest { SHA256Digest.zero.truncated }
    func sha256(_ bytes: Span<UInt8>) -> SHA256Digest { .zero }
}
