import Glibc
import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("Data is on disk before the catalogue says so")
struct DurabilityTests {
    private struct Journal: Sendable {
        let results = Locked<[Int32?]>([])
        let calls = Locked(0)

        func sync(_ code: Int32?) -> DiskSync {
            DiskSync(
                file: { _ in
                    calls.withLock { $0 += 1 }
                    return code
                },
                filesystem: { _ in
                    calls.withLock { $0 += 1000 }
                    return code
                })
        }
    }

    private func committed(_ path: String, _ torrent: SampleTorrent) throws -> Bitfield {
        let catalogue = try Catalogue(path: "\(path)/catalogue.sqlite")
        let id = try catalogue.register(torrent.metainfo.info)
        return try catalogue.cached(of: id, pieceCount: torrent.geometry.pieceCount)
    }

    @Test func `the sync sees a catalogue without the pieces being synced`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(50_000, pieceLength: 16_384)
        let seen = Locked<[Int]>([])
        let disk = DiskSync(
            file: { _ in
                let count = (try? committed(directory.path, torrent).setCount) ?? -1
                seen.withLock { $0.append(count) }
                return nil
            }, filesystem: { _ in nil })
        let cache = try CacheDirectory(path: directory.path, disk: disk)
        let store = try PieceStore(torrent, in: cache)
        store.putAll(torrent)
        #expect(store.flush(until: .later))
        #expect(try committed(directory.path, torrent).isFull)
        #expect(seen.withLock { $0.first } == 0)
    }

    @Test func `a failed sync makes the pieces missing, here and in the catalogue`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(50_000, pieceLength: 16_384)
        let cache = try CacheDirectory(path: directory.path, disk: Journal().sync(EIO))
        let store = try PieceStore(torrent, in: cache)
        let lost = Locked<Set<PieceIndex>>([])
        store.setPiecesLostHandler { pieces in lost.withLock { $0.formUnion(pieces) } }
        store.putAll(torrent)
        #expect(store.flush(until: .later))
        #expect(lost.withLock { $0 } == Set(torrent.geometry.pieces))
        #expect(store.cached.isEmpty)
        #expect(try committed(directory.path, torrent).isEmpty)
    }

    @Test func `many dirty files cost one sync of the filesystem`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.v1(
            SampleTorrent.files([Int](repeating: 100, count: 300)), pieceLength: 16_384)
        let journal = Journal()
        let cache = try CacheDirectory(path: directory.path, disk: journal.sync(nil))
        let store = try PieceStore(torrent, in: cache)
        store.putAll(torrent)
        #expect(store.flush(until: .later))
        #expect(journal.calls.withLock { $0 } >= 1000)
        #expect(try committed(directory.path, torrent).isFull)
    }

    @Test func `what is written is committed soon without being asked`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(50_000, pieceLength: 16_384)
        let synced = Condition(false)
        let disk = DiskSync(
            file: { _ in
                synced.update { $0 = true }
                return nil
            }, filesystem: { _ in nil })
        let cache = try CacheDirectory(path: directory.path, disk: disk)
        let store = try PieceStore(torrent, in: cache)
        store.putAll(torrent)
        #expect(synced.wait(until: .later) { $0 ? true : nil } == true)
    }

    @Test func `a closed store takes nothing more`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(50_000, pieceLength: 16_384)
        let cache = try CacheDirectory(path: directory.path)
        let store = try PieceStore(torrent, in: cache)
        store.put(PieceIndex(0), torrent.bytes(of: PieceIndex(0)))
        #expect(store.close(until: .later))
        #expect(
            store.put(PieceIndex(1), torrent.bytes(of: PieceIndex(1))) == .closed(PieceIndex(1)))
        #expect(store.bytes(of: FileIndex(0), count: 100) == nil)
        #expect(try committed(directory.path, torrent).setCount == 1)
    }

    @Test func `close gives up at its deadline`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(50_000, pieceLength: 16_384)
        let gate = Condition(false)
        let disk = DiskSync(
            file: { _ in
                _ = gate.wait { $0 ? true : nil }
                return nil
            }, filesystem: { _ in nil })
        let cache = try CacheDirectory(path: directory.path, disk: disk)
        let store = try PieceStore(torrent, in: cache)
        store.putAll(torrent)
        #expect(!store.close(until: .now() + .milliseconds(50)))
        gate.update { $0 = true }
        #expect(store.flush(until: .later))
    }
}
