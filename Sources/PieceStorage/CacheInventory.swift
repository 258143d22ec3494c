import Glibc
package import Metainfo
import Reactor
package import TorrentCore
import TorrentCrypto

/// What a cache directory holds, seen from outside of its mounts: for listing and tidying up.
///
/// Makes nothing: a directory that is not there holds nothing. Calls block on the disk.
package struct CacheInventory: Sendable {
    /// The cache directory.
    package let path: String
    /// Nil where there is no cache yet.
    private let catalogue: Catalogue?

    /// Opens the cache's catalogue where there is one.
    package init(path: String) throws(StorageError) {
        self.path = path
        let number = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if number >= 0 {
            defer { close(number) }
            let isMissing = access("\(path)/catalogue.sqlite", F_OK) != 0 && errno == ENOENT
            catalogue = isMissing ? nil : try CatalogueRebuild.openCatalogue(in: number, path: path)
        } else if errno == ENOENT {
            catalogue = nil
        } else if errno == ENOTDIR {
            throw .notADirectory(path: path)
        } else {
            throw .cacheUnusable(path: path, reason: .last("open"))
        }
    }

    /// Every torrent, the last used first; looks at every file in the cache, a microsecond each.
    package func torrents() throws(StorageError) -> [CachedTorrent] {
        guard let catalogue else { return [] }
        return try catalogue.torrents().map { row in
            let folder = openFolder(row.folder)
            defer { if folder >= 0 { close(folder) } }
            return CachedTorrent(
                identity: row.identity, name: row.name, size: row.size,
                pieceLength: row.pieceLength, pieces: Int(clamping: row.pieces),
                piecesCached: Int(clamping: row.piecesCached),
                diskBytes: folder < 0 ? 0 : FolderTree.diskBytes(of: folder), added: row.added,
                lastUse: row.lastUse, holder: folder < 0 ? nil : TorrentLock.holder(in: folder),
                id: row.id, folder: row.folder)
        }
    }

    /// What all torrents take on disk, as `torrents` counts it.
    func diskBytes() throws(StorageError) -> Int64 {
        try catalogue?.torrents().reduce(0) { sum, row in
            let folder = openFolder(row.folder)
            defer { if folder >= 0 { close(folder) } }
            return sum + (folder < 0 ? 0 : FolderTree.diskBytes(of: folder))
        } ?? 0
    }

    /// A torrent's metainfo; nil where the cache has lost it.
    package func metainfo(of torrent: CachedTorrent) -> TorrentMetainfo? {
        let directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return nil }
        defer { close(directory) }
        return CacheFolder.metainfo(of: torrent.folder, in: directory)
    }

    /// The pieces of a torrent that the catalogue vouches for.
    package func cached(of torrent: CachedTorrent) throws(StorageError) -> Bitfield {
        try catalogue?.cached(of: torrent.id, pieceCount: torrent.pieces)
            ?? Bitfield(count: torrent.pieces)
    }

    /// How many bytes of each file are single blocks that the catalogue vouches for, of pieces that are
    /// not there whole.
    package func blockBytes(
        of torrent: CachedTorrent, _ info: InfoDictionary
    ) throws(StorageError) -> [FileIndex: Int64] {
        guard let catalogue else { return [:] }
        let cached = try self.cached(of: torrent)
        let stored = try PieceStore.storedBlocks(
            of: torrent.id, info, catalogue,
            uses: UseTimes(count: info.geometry.pieceCount, all: .never), areDoubtful: false,
            isWhole: { $0.value < cached.count && cached[$0] })
        return stored.fileBytes
    }

    /// The files of a torrent that are not to be evicted.
    package func pins(
        of torrent: CachedTorrent, _ layout: FileLayout
    ) throws(StorageError) -> FileRuns {
        try catalogue?.pins(of: torrent.id, fileCount: layout.count) ?? FileRuns()
    }

    /// Removes a torrent and its data; `inUse` where a process has it open.
    ///
    /// The catalogue stops vouching for the data before any of it goes, and forgets the torrent
    /// last: killed at any instant, this leaves a torrent that can be removed again, never a hole
    /// that counts as data.
    package func remove(_ torrent: CachedTorrent) throws(StorageError) {
        guard let catalogue else { return }
        let folder = openFolder(torrent.folder)
        guard folder >= 0 else {
            guard errno == ENOENT else {
                throw .cacheUnusable(path: path, reason: .last("open \(torrent.folder)"))
            }
            return try catalogue.removeTorrent(torrent.id)
        }
        defer { close(folder) }
        let lock = try TorrentLock(
            folder: folder, torrent: torrent.folder, path: path, mountpoint: nil)
        defer { withExtendedLifetime(lock) {} }
        try catalogue.removeRanges(of: torrent.id)
        let failure = FolderTree.removeContents(of: folder, keeping: TorrentLock.name)
        if let failure { throw .cacheUnusable(path: path, reason: failure) }
        try catalogue.removeTorrent(torrent.id)
        // Last, as it keeps others out; who waits for it finds that it is not the current one.
        unlinkat(folder, TorrentLock.name, 0)
        rmdir("\(path)/\(torrent.folder)")
    }

    private func openFolder(_ name: String) -> Int32 {
        open("\(path)/\(name)", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
    }
}
