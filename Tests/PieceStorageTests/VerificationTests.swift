import Metainfo
import Reactor
import Testing
import TorrentCore
import TorrentCrypto

@testable import PieceStorage

@Suite("Nothing is served unverified")
struct VerificationTests {
    private func store(
        _ torrent: SampleTorrent, _ directory: TemporaryDirectory
    ) throws -> PieceStore {
        try PieceStore(torrent, in: CacheDirectory(path: directory.path))
    }

    static let torrents: [@Sendable () throws -> SampleTorrent] = [
        { try .v1(SampleTorrent.files([1, 0, 40_000, 16_384, 99_999]), pieceLength: 32_768) },
        { try .single(70_000, pieceLength: 20_000) },
        { try .v2(SampleTorrent.files([1, 0, 16_384, 32_769, 200_000]), pieceLength: 65_536) },
        { try .v2(SampleTorrent.files([16_385, 100_000]), pieceLength: 16_384) },
        { try .hybrid(SampleTorrent.files([1, 40_000, 65_536, 99_999]), pieceLength: 32_768) },
    ]

    @Test(arguments: torrents.indices)
    func `right pieces of every version are taken`(index: Int) throws {
        let torrent = try Self.torrents[index]()
        let directory = try TemporaryDirectory()
        let store = try store(torrent, directory)
        for piece in torrent.geometry.pieces {
            #expect(
                store.put(piece, torrent.bytes(of: piece)) == .verified(piece, blockDigests: nil))
        }
        store.waitUntilWritten()
        #expect(store.cached.isFull)
        #expect(store.isComplete(torrent))
        #expect(store.cachedBytes == torrent.layout.payloadLength)
        for file in torrent.layout.files where !torrent.files[file.value].isPadding {
            #expect(store.cachedBytes(of: file) == torrent.layout.length(of: file))
        }
    }

    @Test(arguments: torrents.indices)
    func `one wrong byte anywhere is noticed and never served`(index: Int) throws {
        let torrent = try Self.torrents[index]()
        let directory = try TemporaryDirectory()
        let store = try store(torrent, directory)
        var random = SeededRandom(seed: UInt64(index))
        for piece in torrent.geometry.pieces {
            var bytes = torrent.bytes(of: piece)
            bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 1
            guard case .failed(piece, _) = store.put(piece, bytes) else {
                Issue.record("piece \(piece) was taken")
                continue
            }
            #expect(store.block(torrent.geometry.block(0, of: piece)) == nil)
        }
        #expect(store.cached.isEmpty)
        #expect(store.state.withLock { $0.inMemory.isEmpty })
        for file in torrent.layout.files where torrent.layout.length(of: file) > 0 {
            #expect(store.bytes(of: file, count: 1) == nil)
        }
    }

    @Test func `a failed piece comes with its blocks' digests, a good one where asked`() throws {
        let torrent = try SampleTorrent.single(40_000, pieceLength: 40_000)
        let directory = try TemporaryDirectory()
        let store = try store(torrent, directory)
        var bytes = torrent.bytes(of: PieceIndex(0))
        func digests() -> [SHA1Digest] {
            stride(from: 0, to: 40_000, by: 16_384).map {
                OpenSSLHashing().sha1(Array(bytes[$0..<min($0 + 16_384, 40_000)]).span)
            }
        }
        bytes[20_000] ^= 0xFF
        #expect(
            store.put(PieceIndex(0), bytes) == .failed(PieceIndex(0), blockDigests: digests()))
        bytes[20_000] ^= 0xFF
        #expect(
            store.put(PieceIndex(0), bytes, wantsBlockDigests: true)
                == .verified(PieceIndex(0), blockDigests: digests()))
    }

    @Test func `a v2 piece without its layer is refused`() throws {
        let torrent = try SampleTorrent.v2(
            SampleTorrent.files([100_000]), pieceLength: 16_384, layers: false)
        let directory = try TemporaryDirectory()
        let store = try store(torrent, directory)
        let bytes = torrent.bytes(of: PieceIndex(0))
        #expect(store.put(PieceIndex(0), bytes) == .unverifiable(PieceIndex(0)))
        #expect(store.bytes(of: FileIndex(0), count: 1) == nil)
    }

    @Test func `a buffer for a piece with padding has it zeroed, recycled memory too`() throws {
        let torrent = try SampleTorrent.hybrid(
            SampleTorrent.files([40_000, 40_000]), pieceLength: 32_768)
        let directory = try TemporaryDirectory()
        let store = try store(torrent, directory)
        for _ in 0..<3 {
            let buffer = try #require(store.makeBuffer(for: PieceIndex(1)))
            let padding = (40_000 - 32_768)..<32_768
            #expect(buffer.bytes[padding].allSatisfy { $0 == 0 })
            memset(buffer.bytes, 0xFF)
        }
        // Blocks that are only payload are enough: the peer is not asked for the rest.
        let buffer = try #require(store.makeBuffer(for: PieceIndex(1)))
        let payload = torrent.bytes(of: PieceIndex(1)).prefix(16_384)
        UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<16_384]).copyBytes(from: payload)
        let outcome = Condition<PieceOutcome?>(nil)
        store.submit(buffer, wantsBlockDigests: false) { result in outcome.update { $0 = result } }
        #expect(outcome.wait { $0 } == .verified(PieceIndex(1), blockDigests: nil))
    }

    private func memset(_ bytes: UnsafeMutableRawBufferPointer, _ value: UInt8) {
        bytes.initializeMemory(as: UInt8.self, repeating: value)
    }
}
