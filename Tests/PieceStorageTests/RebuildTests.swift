import Foundation
import Glibc
import Metainfo
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("A damaged catalogue is made anew from the cache files")
struct RebuildTests {
    /// The ways to lose a catalogue.
    enum Damage: String, CaseIterable {
        case headerOverwritten, pageOverwritten, cutInHalf, emptied, deleted

        func happen(to file: String) throws {
            let url = URL(fileURLWithPath: file)
            for suffix in ["-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: file + suffix)
            }
            var bytes = try Data(contentsOf: url)
            switch self {
            case .headerOverwritten: bytes.replaceSubrange(0..<100, with: Data(count: 100))
            case .pageOverwritten:
                // Every page but the first, so that no table is readable.
                let garbage = Data(repeating: 0xA5, count: bytes.count - 4096)
                bytes.replaceSubrange(4096..<bytes.count, with: garbage)
            case .cutInHalf: bytes = bytes.prefix(bytes.count / 2)
            case .emptied: bytes = Data()
            case .deleted: return try FileManager.default.removeItem(at: url)
            }
            try bytes.write(to: url)
        }
    }

    private let torrent: SampleTorrent
    private let directory: TemporaryDirectory

    init() throws {
        torrent = try SampleTorrent.v1(
            SampleTorrent.files([300_000, 77, 0, 100_000]), pieceLength: 32_768)
        directory = try TemporaryDirectory()
    }

    private var catalogue: String { "\(directory.path)/catalogue.sqlite" }

    /// Opens the torrent for `body`, closes it, and waits until the last thread has let go of the
    /// directory.
    private func withStore(_ body: (PieceStore) throws -> Void) throws {
        try withoutWaiting(body)
        let descriptor = Glibc.open(directory.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        try #require(descriptor >= 0)
        #expect(flock(descriptor, LOCK_EX) == 0)
        close(descriptor)
    }

    private func withoutWaiting(_ body: (PieceStore) throws -> Void) throws {
        let store = try PieceStore(torrent, in: CacheDirectory(path: directory.path))
        try body(store)
        #expect(store.close(until: .later))
    }

    private func fill(_ pieces: [PieceIndex]) throws {
        try withStore { store in
            for piece in pieces { store.put(piece, torrent.bytes(of: piece)) }
        }
    }

    /// The bytes of a whole piece, once its check is over.
    private func bytes(of piece: PieceIndex, in store: PieceStore) -> [UInt8]? {
        guard store.settle(piece) else { return nil }
        return (0..<torrent.geometry.blockCount(of: piece)).reduce(into: []) { bytes, index in
            bytes? += store.block(torrent.geometry.block(index, of: piece)) ?? []
        }
    }

    @Test(arguments: Damage.allCases)
    func `what was cached is there, hashed at its first use`(_ damage: Damage) throws {
        let pieces = torrent.geometry.pieces.filter { $0.value % 3 != 1 }
        try fill(pieces)
        try damage.happen(to: catalogue)
        try withStore { store in
            #expect(store.cachedPieceCount == 0)
            #expect(pieces.allSatisfy { store.has($0) })
            for piece in pieces {
                #expect(bytes(of: piece, in: store) == torrent.bytes(of: piece))
            }
            // The neighbours of a missing piece may share the disk's blocks with it, never its bytes.
            for piece in torrent.geometry.pieces where !pieces.contains(piece) {
                #expect(bytes(of: piece, in: store) == nil)
            }
        }
        // The next one takes the new catalogue's word.
        try withStore { store in
            #expect(store.doubtfulPieceCount == 0)
            #expect(Set(store.cached.runs.flatMap { Array($0) }) == Set(pieces))
        }
    }

    @Test func `what has not been hashed stays doubtful, whoever opens it`() throws {
        try fill(Array(torrent.geometry.pieces))
        try Damage.deleted.happen(to: catalogue)
        try withStore { #expect($0.settle(PieceIndex(0))) }
        try withStore { store in
            #expect(store.cachedPieceCount == 1)
            #expect(store.doubtfulPieceCount == torrent.geometry.pieceCount - 1)
        }
    }

    @Test func `a byte that has changed meanwhile is found`() throws {
        try fill(Array(torrent.geometry.pieces))
        try Damage.headerOverwritten.happen(to: catalogue)
        let name = torrent.metainfo.info.identity.description
        let file = "\(directory.path)/\(name)/files/0/0"
        let handle = try #require(FileHandle(forUpdatingAtPath: file))
        try handle.seek(toOffset: 40_000)
        try handle.write(contentsOf: [torrent.files[0].bytes[40_000] ^ 1])
        try handle.close()
        try withStore { store in
            for piece in torrent.geometry.pieces {
                #expect(store.settle(piece) == (piece != PieceIndex(1)))
            }
        }
    }

    @Test func `verify settles what is doubtful`() throws {
        try fill(Array(torrent.geometry.pieces))
        try Damage.cutInHalf.happen(to: catalogue)
        try withStore { store in
            let result = try store.recheck(isRepair: true)
            #expect(result.damaged.isEmpty)
            #expect(store.cached.isFull)
        }
        try withStore { #expect($0.cached.isFull) }
    }

    @Test func `while another process uses the cache it is left as it is`() throws {
        try fill(Array(torrent.geometry.pieces))
        let other = try CacheDirectory(path: directory.path)
        try Damage.headerOverwritten.happen(to: catalogue)
        do throws(StorageError) {
            _ = try CacheDirectory(path: directory.path)
            Issue.record("a damaged catalogue was opened")
        } catch {
            #expect(error.description.contains("other processes use the cache"))
            #expect(!error.description.contains("\n"))
        }
        withExtendedLifetime(other) {}
    }

    @Test func `a folder without its metainfo is left alone`() throws {
        try fill(Array(torrent.geometry.pieces))
        let name = torrent.metainfo.info.identity.description
        let metainfo = "\(directory.path)/\(name)/metainfo"
        try FileManager.default.createDirectory(
            atPath: "\(directory.path)/0123", withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            atPath: metainfo, toPath: "\(directory.path)/0123/metainfo")
        try Damage.emptied.happen(to: catalogue)
        try withStore { #expect($0.doubtfulPieceCount == torrent.geometry.pieceCount) }
        #expect(try CacheInventory(path: directory.path).torrents().count == 1)
        #expect(FileManager.default.fileExists(atPath: "\(directory.path)/0123/metainfo"))
    }

    @Test func `a rebuild that was interrupted begins again`() throws {
        try fill(Array(torrent.geometry.pieces))
        try Damage.pageOverwritten.happen(to: catalogue)
        // What a killed rebuild leaves: a draft, whole or not.
        try Data("half a draft".utf8).write(to: URL(fileURLWithPath: catalogue + ".new"))
        try withStore { #expect($0.doubtfulPieceCount == torrent.geometry.pieceCount) }
        #expect(!FileManager.default.fileExists(atPath: catalogue + ".new"))
    }
}
