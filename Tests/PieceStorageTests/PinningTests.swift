import Metainfo
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("Pinned files")
struct PinningTests {
    private let directory: TemporaryDirectory
    private let pools: StoragePools
    private let torrent: SampleTorrent

    init() throws {
        directory = try TemporaryDirectory()
        pools = try makePools()
        // Pieces of 16 KiB: 0...3 | 3...6 | 6 | 6...9
        torrent = try SampleTorrent.v1(
            SampleTorrent.files([60_000, 50_000, 100, 50_000]), pieceLength: 16_384)
    }

    private func open() throws -> PieceStore {
        let cache = try CacheDirectory(path: directory.path)
        return try PieceStore(torrent, in: cache, pools: pools)
    }

    private func pinned(_ store: PieceStore) -> [Int] {
        torrent.geometry.pieces.filter { store.isPinned($0) }.map(\.value)
    }

    @Test func `all pieces of a pinned file are pinned, those it shares too`() throws {
        let store = try open()
        #expect(pinned(store) == [])
        try store.setPinned([FileIndex(1)], true)
        #expect(pinned(store) == [3, 4, 5, 6])
        try store.setPinned([FileIndex(0)], true)
        #expect(pinned(store) == [0, 1, 2, 3, 4, 5, 6])
        try store.setPinned([FileIndex(1)], false)
        #expect(pinned(store) == [0, 1, 2, 3])
        #expect(!store.isPinned(PieceIndex(-1)))
        #expect(!store.isPinned(PieceIndex(10)))
    }

    @Test func `pins survive, whether their data is there or not`() throws {
        var store: PieceStore? = try open()
        try store?.setPinned([FileIndex(1), FileIndex(2)], true)
        store?.close(until: .later)
        store = nil
        let again = try open()
        #expect(pinned(again) == [3, 4, 5, 6])
        try again.setPinned(Array(torrent.layout.files), false)
        again.close(until: .later)
        #expect(pinned(try open()) == [])
    }

    @Test func `a listing tells what is pinned, and a removal ends it`() throws {
        let store = try open()
        try store.setPinned([FileIndex(3)], true)
        store.close(until: .later)
        let inventory = try CacheInventory(path: directory.path)
        let listed = try #require(try inventory.torrents().first)
        let pins = try inventory.pins(of: listed, torrent.layout)
        #expect(torrent.layout.files.filter { pins.contains($0) } == [FileIndex(3)])
        try inventory.remove(listed)
        #expect(pinned(try open()) == [])
    }
}
