import Glibc
import Metainfo
import Reactor
import Testing
import TorrentCore
import TorrentCrypto

@testable import PieceStorage

@Suite("Blocks verified by themselves (BEP 52)")
struct BlockwiseTests {
    private static let hashing = OpenSSLHashing()

    private struct Fixture {
        let directory: TemporaryDirectory
        let torrent: SampleTorrent
        let store: PieceStore

        init(isHybrid: Bool = false, layers: Bool = true, blockBytes: Int = 32 << 20) throws {
            directory = try TemporaryDirectory()
            let files = SampleTorrent.files([16_384 * 32 - 100, 16_384 * 9 + 5])
            torrent =
                try isHybrid
                ? .hybrid(files, pieceLength: 262_144)
                : .v2(files, pieceLength: 262_144, layers: layers)
            store = try PieceStore(
                metainfo: torrent.metainfo, location: .cache(CacheDirectory(path: directory.path)),
                pools: makePools { $0.blockBytes = blockBytes })
        }

        func submit(_ piece: Int, _ block: Int, isDamaged: Bool = false) -> Bool? {
            store.putBlock(block, of: PieceIndex(piece), torrent, isDamaged: isDamaged)
        }
    }

    @Test func `a read ends with its blocks, and reads of others go on waiting`() throws {
        let fixture = try Fixture()
        let store = fixture.store
        let ended = Condition<[Int]>([])
        let pieces = PieceIndex(0)..<PieceIndex(2)
        // Across the border of two pieces.
        let border: Range<Int64> = 262_144 - 10..<262_144 + 10
        _ = store.wait(for: pieces, of: FileIndex(0), bytes: border) { ended.update { $0 += [1] } }
        _ = store.wait(for: PieceIndex(0)..<PieceIndex(1)) { ended.update { $0 += [2] } }
        #expect(fixture.submit(0, 15) == true)
        #expect(ended.update { $0 } == [])
        #expect(fixture.submit(1, 0) == true)
        #expect(ended.update { $0 } == [1])
        #expect(
            store.bytes(of: FileIndex(0), offset: border.lowerBound, count: 20)
                == Array(fixture.torrent.files[0].bytes[262_134..<262_154]))
        #expect(store.bytes(of: FileIndex(0), offset: 0, count: 10) == nil)
        #expect(store.wait(for: pieces, of: FileIndex(0), bytes: border) {} == nil)
        store.put(PieceIndex(0), fixture.torrent.bytes(of: PieceIndex(0)))
        #expect(ended.update { $0 } == [1, 2])
    }

    @Test func `a damaged block is not served`() throws {
        let fixture = try Fixture()
        #expect(fixture.submit(0, 1, isDamaged: true) == false)
        #expect(fixture.store.bytes(of: FileIndex(0), offset: 16_384, count: 10) == nil)
    }

    @Test func `the last block of a hybrid's file is verified without its padding`() throws {
        let fixture = try Fixture(isHybrid: true)
        let last = fixture.torrent.files[0].bytes.count - 1
        #expect(fixture.submit(1, 15) == true)
        #expect(
            fixture.store.bytes(of: FileIndex(0), offset: Int64(last - 5), count: 6)
                == Array(fixture.torrent.files[0].bytes.suffix(6)))
    }

    @Test func `blocks that are not written make room beyond the limit, and are asked for again`()
        throws
    {
        let fixture = try Fixture(blockBytes: 8 * 16_384)
        // Nothing is written over what an import may take.
        fixture.store.beginAdopting()
        for block in 0..<16 { #expect(fixture.submit(0, block) == true) }
        #expect(fixture.store.bytes(of: FileIndex(0), offset: 0, count: 10) == nil)
        #expect(fixture.store.bytes(of: FileIndex(0), offset: 15 * 16_384, count: 10) != nil)
    }

    @Test func `a torrent that was given up fails reads, those that wait too`() throws {
        let fixture = try Fixture()
        let ended = Condition(0)
        _ = fixture.store.wait(for: PieceIndex(0)..<PieceIndex(1)) { ended.update { $0 += 1 } }
        fixture.store.giveUp()
        #expect(ended.update { $0 } == 1)
        var buffer = [UInt8](repeating: 0, count: 10)
        let outcome = buffer.withUnsafeMutableBytes {
            fixture.store.read(FileIndex(0), offset: 0, into: $0)
        }
        #expect(outcome == .failed(EIO))
    }

    // MARK: - Piece layers

    @Test func `a layer that comes from peers verifies pieces, and is there at the next mount`()
        throws
    {
        let fixture = try Fixture(layers: false)
        let store = fixture.store
        #expect(store.unverifiable?.setCount == 2)
        #expect(
            store.put(PieceIndex(0), fixture.torrent.bytes(of: PieceIndex(0)))
                == .unverifiable(PieceIndex(0)))
        let whole = try SampleTorrent.v2(fixture.torrent.files, pieceLength: 262_144)
        let layer = try #require(
            whole.metainfo.pieceLayers.layer(of: FileIndex(0), in: whole.layout))
        let request = try #require(store.tree(of: PieceIndex(1))?.layerRequest)
        #expect(request.length == 2 && request.baseLayer == 4)
        let known = store.addLayer(Array(layer), answering: request, of: PieceIndex(1))
        #expect(known == PieceIndex(0)..<PieceIndex(2))
        let outcome = store.put(PieceIndex(0), fixture.torrent.bytes(of: PieceIndex(0)))
        #expect(outcome == .verified(PieceIndex(0), blockDigests: nil))
        store.close(until: .later)

        let cache = try CacheDirectory(path: fixture.directory.path)
        let metainfo = try #require(
            cache.metainfo(for: fixture.torrent.metainfo.info.identity))
        #expect(metainfo.pieceLayers.node(file: FileIndex(0), piece: 1) != nil)
    }

    @Test func `a hybrid's piece must agree with both halves`() throws {
        let fixture = try Fixture(isHybrid: true)
        let bytes = fixture.torrent.bytes(of: PieceIndex(0))
        guard
            case .both(let digest, let root, let leafCount, let length) =
                fixture.store.verification(of: PieceIndex(0))
        else {
            Issue.record("a hybrid has both")
            return
        }
        let verifier = PieceVerifier()
        let wrong = Self.hashing.sha1([1, 2, 3].span)
        bytes.withUnsafeBytes { bytes in
            func verdict(_ sha1: SHA1Digest, _ sha256: SHA256Digest) -> PieceVerifier.Verdict {
                verifier.verify(
                    bytes,
                    against: .both(sha1, root: sha256, leafCount: leafCount, length: length))
            }
            #expect(verdict(digest, root) == .good)
            #expect(verdict(wrong, root) == .inconsistent)
            #expect(verdict(digest, .zero) == .inconsistent)
            #expect(verdict(wrong, .zero) == .bad)
        }
        // Wrong padding is the fault of who sent it.
        var padded = fixture.torrent.bytes(of: PieceIndex(1))
        padded[padded.count - 1] ^= 1
        padded.withUnsafeBytes { bytes in
            let expected = fixture.store.verification(of: PieceIndex(1))
            #expect(verifier.verify(bytes, against: expected) == .bad)
        }
    }
}
