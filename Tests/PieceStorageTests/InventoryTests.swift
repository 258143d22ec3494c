import Foundation
import Glibc
import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("A cache can be looked at and tidied up from outside")
struct InventoryTests {
    private let directory: TemporaryDirectory
    private let pools: StoragePools

    init() throws {
        directory = try TemporaryDirectory()
        pools = try makePools()
    }

    private func fill(_ torrent: SampleTorrent, pieces: Range<PieceIndex>? = nil) throws {
        let store = try open(torrent)
        for piece in pieces ?? torrent.geometry.pieces {
            store.put(piece, torrent.bytes(of: piece))
        }
        #expect(store.close(until: .later))
    }

    private func open(
        _ torrent: SampleTorrent, mountpoint: String? = nil
    ) throws -> PieceStore {
        var policy = CachePolicy()
        policy.mountpoint = mountpoint
        let cache = try CacheDirectory(path: directory.path, policy: policy)
        return try PieceStore(torrent, in: cache, pools: pools)
    }

    private func only() throws -> CachedTorrent {
        let torrents = try CacheInventory(path: directory.path).torrents()
        #expect(torrents.count == 1)
        return try #require(torrents.first)
    }

    @Test func `a directory that is not there holds nothing and is not made`() throws {
        let path = directory.path + "/none"
        #expect(try CacheInventory(path: path).torrents().isEmpty)
        #expect(access(path, F_OK) != 0)
    }

    @Test func `a torrent is listed with what it really takes`() throws {
        let torrent = try SampleTorrent.hybrid(
            SampleTorrent.files([70_000, 50_000, 0, 400_000]), pieceLength: 32_768)
        try fill(torrent, pieces: PieceIndex(0)..<PieceIndex(4))
        let listed = try only()
        #expect(listed.identity == torrent.metainfo.info.identity)
        #expect(listed.name == Array("sample".utf8))
        #expect(listed.size == 520_000)
        #expect(listed.pieces == torrent.geometry.pieceCount)
        #expect(listed.piecesCached == 4)
        #expect((100_000...262_144).contains(listed.diskBytes))
        #expect(listed.holder == nil)
        let inventory = try CacheInventory(path: directory.path)
        #expect(inventory.metainfo(of: listed)?.info.bytes == torrent.metainfo.info.bytes)
        #expect(try inventory.cached(of: listed).setCount == 4)
    }

    @Test(arguments: [
        "pieces = -5", "pieces = 1 << 60", "piece_length = -1", "piece_length = 1 << 62",
        "bytes = 9223372036854775807", "reserved = 9223372036854775807, is_open = 1",
        "size = -1, added = -1, last_use = 9223372036854775807",
    ])
    func `numbers that a torrent cannot have harm nobody`(change: String) throws {
        let damaged = try SampleTorrent.single(100_000, pieceLength: 16_384, name: "damaged")
        try fill(damaged)
        try fill(try SampleTorrent.single(70_000, pieceLength: 16_384, name: "sound"))
        do {
            let database = try Database(path: directory.path + "/catalogue.sqlite")
            try database.execute("UPDATE torrents SET \(change) WHERE name = x'\(hex("damaged"))'")
        }
        let inventory = try CacheInventory(path: directory.path)
        for torrent in try inventory.torrents() { _ = try inventory.cached(of: torrent) }
        let cache = try CacheDirectory(path: directory.path)
        _ = try cache.shrink(to: 0, pools: pools)
        let store = try open(damaged)
        store.putWritten(PieceIndex(0), of: damaged)
        #expect(store.compare(FileIndex(0), damaged) != nil)
        #expect(store.close(until: .later))
    }

    private func hex(_ text: String) -> String {
        text.utf8.map { String($0, radix: 16) }.joined()
    }

    @Test func `who has a torrent open is told, and only while it is`() throws {
        let torrent = try SampleTorrent.single(100_000, pieceLength: 16_384)
        let store = try open(torrent, mountpoint: "/mnt/data")
        #expect(try only().holder == TorrentHolder(process: getpid(), mountpoint: "/mnt/data"))
        store.close(until: .later)
        #expect(try only().holder == nil)
    }

    @Test func `a look does not keep a mount out`() throws {
        let torrent = try SampleTorrent.single(100_000, pieceLength: 16_384)
        try fill(torrent)
        let folder = Glibc.open(
            "\(directory.path)/\(torrent.metainfo.info.identity)", O_RDONLY | O_DIRECTORY)
        defer { close(folder) }
        let looker = openat(folder, TorrentLock.name, O_RDONLY)
        #expect(flock(looker, LOCK_SH) == 0)
        let isLooking = Condition(true)
        let end = try Thread(name: "look") {
            // Well within the claim's patience, which begins with the call below.
            usleep(30_000)
            close(looker)
            isLooking.update { $0 = false }
        }
        _ = try open(torrent)
        #expect(isLooking.wait { !$0 ? true : nil } == true)
        end.join()
    }

    @Test func `a removed torrent leaves nothing, and can come back`() throws {
        let torrent = try SampleTorrent.v1(
            SampleTorrent.files([70_000, 50_000]), pieceLength: 16_384)
        try fill(torrent)
        let inventory = try CacheInventory(path: directory.path)
        try inventory.remove(try only())
        #expect(try inventory.torrents().isEmpty)
        let left = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(
            left.allSatisfy {
                $0.hasPrefix("catalogue.sqlite") || $0 == DiskReserve.name
            })
        try fill(torrent)
        #expect(try open(torrent).isComplete(torrent))
    }

    @Test func `a torrent in use is not removed`() throws {
        let torrent = try SampleTorrent.single(100_000, pieceLength: 16_384)
        let store = try open(torrent)
        store.putAll(torrent)
        #expect(store.flush(until: .later))
        let expected = StorageError.inUse(
            torrent: torrent.metainfo.info.identity.description,
            holder: TorrentHolder(process: getpid(), mountpoint: nil))
        #expect(throws: expected) {
            try CacheInventory(path: directory.path).remove(try only())
        }
        #expect(store.isComplete(torrent))
        #expect(try only().piecesCached == torrent.geometry.pieceCount)
    }

    @Test func `a removal that stops half-way leaves no hole that counts as data`() throws {
        let torrent = try SampleTorrent.single(100_000, pieceLength: 16_384)
        try fill(torrent)
        // Deeper than the cache makes folders, so not ours to remove.
        let foreign = "\(directory.path)/\(torrent.metainfo.info.identity)/files/a/b/c"
        try FileManager.default.createDirectory(
            atPath: foreign, withIntermediateDirectories: true)
        let inventory = try CacheInventory(path: directory.path)
        #expect(throws: StorageError.self) { try inventory.remove(try only()) }
        #expect(try only().piecesCached == 0)
        try FileManager.default.removeItem(atPath: foreign)
        try inventory.remove(try only())
        #expect(try inventory.torrents().isEmpty)
    }
}
