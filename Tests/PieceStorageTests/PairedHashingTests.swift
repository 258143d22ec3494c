import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("Pieces that wait together for a hash thread")
struct PairedHashingTests {
    private static let torrents: [@Sendable () throws -> SampleTorrent] = [
        { try .single(16_384 * 5 + 100, pieceLength: 16_384) },
        { try .v2(SampleTorrent.files([16_384 * 5 + 100]), pieceLength: 16_384) },
        { try .hybrid(SampleTorrent.files([16_384 * 5 + 100]), pieceLength: 16_384) },
    ]

    /// What becomes of pieces that are all there before the one hash thread looks, by piece.
    private func outcomes(
        _ store: PieceStore, _ torrent: SampleTorrent, wantsBlockDigests: Bool = false,
        corrupt: Set<Int> = []
    ) throws -> [PieceIndex: PieceOutcome] {
        let gate = Condition(false)
        #expect(store.pools.hashing.submit { _ = gate.wait { $0 ? true : nil } })
        let outcomes = Condition<[PieceIndex: PieceOutcome]>([:])
        for piece in torrent.geometry.pieces {
            let buffer = try #require(store.makeBuffer(for: piece))
            buffer.bytes.copyBytes(from: torrent.bytes(of: piece))
            if corrupt.contains(piece.value) { buffer.bytes[77] ^= 1 }
            store.submit(buffer, wantsBlockDigests: wantsBlockDigests) { outcome in
                outcomes.update { $0[piece] = outcome }
            }
        }
        gate.update { $0 = true }
        return outcomes.wait { $0.count == torrent.geometry.pieces.count ? $0 : nil } ?? [:]
    }

    private func store(
        _ torrent: SampleTorrent, _ directory: TemporaryDirectory
    ) throws -> PieceStore {
        try PieceStore(
            torrent, in: CacheDirectory(path: directory.path),
            pools: makePools { $0.hashThreads = 1 })
    }

    @Test(arguments: torrents.indices)
    func `all are verified, the short last one too`(index: Int) throws {
        let torrent = try Self.torrents[index]()
        let directory = try TemporaryDirectory()
        let store = try store(torrent, directory)
        for (piece, outcome) in try outcomes(store, torrent) {
            #expect(outcome == .verified(piece, blockDigests: nil))
        }
        store.waitUntilWritten()
        #expect(store.isComplete(torrent))
        #expect(store.pools.counters.hashedBytes == torrent.layout.payloadLength)
    }

    @Test(arguments: torrents.indices, [[0], [1], [0, 1], [1, 2], [5]])
    func `a wrong one is found, whichever of two it is`(index: Int, corrupt: [Int]) throws {
        let torrent = try Self.torrents[index]()
        let directory = try TemporaryDirectory()
        let store = try store(torrent, directory)
        for (piece, outcome) in try outcomes(store, torrent, corrupt: Set(corrupt)) {
            if corrupt.contains(piece.value) {
                guard case .failed(piece, let digests) = outcome else {
                    Issue.record("piece \(piece): \(outcome)")
                    continue
                }
                #expect(digests.count == 1)
            } else {
                #expect(outcome == .verified(piece, blockDigests: nil))
            }
        }
        store.waitUntilWritten()
        #expect(store.cachedPieceCount == torrent.geometry.pieces.count - corrupt.count)
    }

    @Test func `blocks' digests come where they are asked for`() throws {
        let torrent = try Self.torrents[0]()
        let directory = try TemporaryDirectory()
        let store = try store(torrent, directory)
        for (piece, outcome) in try outcomes(store, torrent, wantsBlockDigests: true) {
            guard case .verified(piece, let digests?) = outcome else {
                Issue.record("piece \(piece): \(outcome)")
                continue
            }
            #expect(digests.count == 1)
        }
    }
}
