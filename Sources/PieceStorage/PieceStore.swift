import Glibc
package import Metainfo
import Reactor
import Synchronization
package import TorrentCore

/// One torrent's verified bytes, where FUSE threads, the loop and the pools meet.
///
/// A piece is *missing*, then *in memory* (verified, being written), then *cached* (in a cache
/// file; trusted again after a restart once synced and in the catalogue). Only pieces of the last
/// two kinds are ever served, and single blocks of missing ones, of which the same is true (BEP 52).
/// All state is behind one lock, held for tens of nanoseconds and never across a system call or a
/// call out.
package final class PieceStore: Sendable {
    /// Where the bytes are.
    enum Backing: Sendable {
        case cache(CacheFolder)
        case data(DataFolder)
    }

    /// The torrent.
    package let metainfo: TorrentMetainfo

    let layout: FileLayout
    /// Where its bytes lie on disk.
    let disk: DiskLayout
    let geometry: PieceGeometry
    let pools: StoragePools
    let backing: Backing
    let state: Locked<PieceStoreState>
    let account: BufferAccount
    /// What the torrent takes of the disk; nil where it is the user's data.
    let usage: StoreUsage?
    /// Goes up whenever pieces are about to be evicted: a read during which it did starts over.
    let generation = Atomic<UInt64>(0)
    /// Goes up whenever evicted pieces are off the disk.
    let evictions = Condition(0)
    /// Pieces handed in and not yet written or given up.
    let pending = Condition(0)
    /// How many cache files were opened for writing; held meanwhile, system calls included.
    let creation = Locked(0)
    let warnings = Locked(Set<StoreWarning>())
    /// Files that a program beside us has open, and until when that is believed.
    let usedElsewhere = Locked<[FileIndex: Timestamp]>([:])
    /// The files that are pinned; held while the catalogue is told.
    let pins: Locked<FileRuns>
    /// Whether the catalogue has yet to be told of pins that were let go.
    let arePinsUnsaved = Atomic(false)
    /// Where pieces are that other torrents of the cache hold.
    let shared: SharedPieces?
    /// The pieces that had not been hashed since the catalogue was made anew when the torrent was
    /// opened.
    let unseen: Bitfield?
    /// Whether nobody will ever fetch what is missing.
    let isOffline: Bool
    /// Files of which an offline read has been logged.
    let refusedFiles = Locked(Set<FileIndex>())
    /// Numbers the streams of prefetches.
    let prefetches = Atomic<UInt64>(0)
    /// Bytes of single blocks that wait to be written.
    let blockBacklog = Atomic(0)
    /// Parts of piece layers that peers gave.
    let fetchedLayers = Locked(FetchedLayers())
    /// Whether the torrent has been given up: see `giveUp`.
    let isGivenUp = Atomic(false)
    /// Trees that peers ask about.
    let hashTrees: Locked<HashTreeCache>
    /// The files by the roots of their trees; nil until a peer asks.
    let rootTable = Locked<[SHA256Digest: FileIndex]?>(nil)

    /// Opens a torrent in its place. In a cache this takes the torrent's lock, remembers the
    /// metainfo and loads what the catalogue says: a few milliseconds of disk.
    package convenience init(
        metainfo: TorrentMetainfo, location: StoreLocation, pools: StoragePools
    ) throws(StorageError) {
        try self.init(metainfo: metainfo, location: location, pools: pools, purpose: .reading)
    }

    /// Opens a torrent, perhaps only to evict from it.
    init(
        metainfo: TorrentMetainfo, location: StoreLocation, pools: StoragePools,
        purpose: TorrentLock.Purpose
    ) throws(StorageError) {
        self.metainfo = metainfo
        self.pools = pools
        layout = metainfo.info.layout
        geometry = metainfo.info.geometry
        account = BufferAccount(pool: pools.buffers)
        hashTrees = Locked(HashTreeCache(limit: pools.configuration.hashTreeBytes))
        var cached: Bitfield
        let recorded: Bitfield
        var doubtful: Bitfield?
        var rebuilt: Bitfield?
        var pins = FileRuns()
        var cache: CacheDirectory?
        var stored = StoredBlocks()
        let uses: UseTimes
        switch location {
        case .cache(let directory):
            cache = directory
            let folder = try CacheFolder.open(
                cache: directory, metainfo: metainfo, purpose: purpose, pools: pools)
            let record = try directory.catalogue.beginUse(
                of: folder.torrent, pieceCount: geometry.pieceCount, isRead: purpose == .reading)
            usage = StoreUsage(
                bytes: record.bytes, isExact: record.isExact,
                isLimited: directory.limits.size != nil)
            uses = record.times
            // After the lock is taken: the last holder may have been adding.
            cached = try directory.catalogue.cached(
                of: folder.torrent, pieceCount: geometry.pieceCount)
            rebuilt = try directory.catalogue.doubts(
                of: folder.torrent, pieceCount: geometry.pieceCount)
            recorded = cached
            let pieceCount = geometry.pieceCount
            let checked = try directory.policy.verifiedSince.map { boot throws(StorageError) in
                try directory.catalogue.checked(
                    of: folder.torrent, since: boot, pieceCount: pieceCount)
            }
            doubtful = Self.takeDoubtful(from: &cached, checked: checked, unseen: rebuilt)
            stored = try Self.storedBlocks(
                of: folder.torrent, metainfo.info, directory.catalogue, uses: uses,
                areDoubtful: directory.policy.verifiedSince != nil,
                isWhole: { cached[$0] || doubtful?[$0] == true })
            pins = try directory.catalogue.pins(
                of: folder.torrent, fileCount: layout.count)
            backing = .cache(folder)
            disk = DiskLayout(
                layout, pieceLength: geometry.pieceLength, isPacked: folder.isPacked,
                chunkLength: directory.policy.chunkLength)
            shared =
                purpose == .reading && directory.policy.borrowsPieces
                ? SharedPieces.find(
                    for: metainfo, torrent: folder.torrent, in: directory,
                    missing: { !cached[$0] && doubtful?[$0] != true && !stored.holds($0) }) : nil
        case .data(let path):
            backing = .data(try DataFolder(path: path, info: metainfo.info))
            cached = Bitfield(count: geometry.pieceCount)
            recorded = cached
            disk = DiskLayout(layout, pieceLength: geometry.pieceLength, isPacked: false)
            usage = nil
            shared = nil
            uses = UseTimes(count: geometry.pieceCount, all: .never)
        }
        isOffline = cache?.policy.isOffline ?? false
        let bytes = Self.payloadBytes(of: cached, metainfo.info)
        state = Locked(
            PieceStoreState(
                cached: cached, recorded: recorded, cachedBytes: bytes, uses: uses,
                doubtful: doubtful,
                elsewhere: shared?.pieces,
                pinned: pins.pieces(layout, count: geometry.pieceCount),
                blockBytes: pools.configuration.blockBytes, stored: stored,
                isCutOff: isOffline))
        self.pins = Locked(pins)
        unseen = rebuilt
        if purpose == .reading { cacheFolder?.cache.limiter.add(self) }
    }

    /// The pieces that are cached now.
    package var cached: Bitfield { state.withLock { $0.cached } }

    /// Whether a piece can be served, from disk or from memory; a doubtful one unless its check
    /// fails, one that another torrent of the cache holds unless that has lost it.
    package func has(_ piece: PieceIndex) -> Bool {
        geometry.contains(piece) && state.withLock { $0.has(piece) || $0.isUnsettled(piece) }
    }

    /// Names who fetches missing pieces, or nobody. Reads that wait already are announced to it.
    package func setSource(_ source: (any BlockSource)?) {
        let reads = state.withLock { state in
            state.source = source
            var reads: [(ReadID, PieceStoreState.Wait)] = []
            for (read, wait) in state.waits where source != nil {
                state.waits[read]?.phase = .announcing
                reads.append((read, wait))
            }
            return reads
        }
        guard let source else { return }
        for (read, wait) in reads { announce(read, wait.pieces, wait.bytes, to: source) }
    }

    /// Sets who is told that pieces which were cached or in memory are missing again: they were
    /// evicted, could not be kept, or their file was damaged. From any thread.
    package func setPiecesLostHandler(_ handler: (@Sendable ([PieceIndex]) -> Void)?) {
        state.withLock { $0.piecesLost = handler }
    }

    /// Sets who is told that memory has come back, once after `makeBuffer` gave nil and after each
    /// `notifyOfBuffers`. From any thread.
    package func setBufferAvailableHandler(_ handler: (@Sendable () -> Void)?) {
        state.withLock { $0.bufferAvailable = handler }
    }

    /// Writes, syncs and commits what was handed in so far; false where `deadline` comes first.
    /// Blocks: not for a loop.
    @discardableResult
    package func flush(until deadline: Timestamp) -> Bool {
        guard pending.wait(until: deadline, { $0 == 0 ? true : nil }) != nil else { return false }
        return cacheFolder?.cache.flush(until: deadline) ?? true
    }

    /// Takes no more pieces, flushes, and lets go of the source, the handlers, the open files and
    /// the torrent's lock: from then on nothing is cached any more as far as this object goes, since
    /// the files are whoever's that takes the lock. Waits are not completed any more.
    /// False where `deadline` came before all was on disk: what is missing then is fetched again
    /// next time, and the lock is held until this object goes. Blocks.
    @discardableResult
    package func close(until deadline: Timestamp) -> Bool {
        state.withLock { $0.isClosed = true }
        let isFlushed = flush(until: deadline)
        saveChecks()
        saveLayers()
        savePins()
        saveLosses()
        let dropped = state.withLock { state in
            state.source = nil
            state.piecesLost = nil
            state.bufferAvailable = nil
            return state.files.removeAll()
        }
        withExtendedLifetime(dropped) {}
        pools.recent.drop(of: self)
        if isFlushed { leave() }
        return isFlushed
    }

    var cacheFolder: CacheFolder? {
        if case .cache(let folder) = backing { folder } else { nil }
    }

    /// Payload bytes of one piece, padding left out.
    func payloadLength(of piece: PieceIndex) -> Int {
        guard layout.hasPadding else { return geometry.length(of: piece) }
        return layout.slices(of: piece).reduce(0) { sum, slice in
            layout.attributes(of: slice.file).contains(.padding) ? sum : sum + slice.length
        }
    }

    static func payloadBytes(of cached: Bitfield, _ info: InfoDictionary) -> Int64 {
        if cached.isFull { return info.layout.payloadLength }
        var bytes: Int64 = 0
        for run in cached.runs {
            for piece in run { bytes += Int64(info.geometry.length(of: piece)) }
        }
        guard info.layout.hasPadding, !cached.isEmpty else { return bytes }
        for file in info.layout.files where info.layout.attributes(of: file).contains(.padding) {
            bytes -= cachedBytes(of: file, cached, info.layout, info.pieceLength)
        }
        return bytes
    }

    /// How many bytes of a file lie in cached pieces. Pieces lie at multiples of the piece length
    /// in every version, since a v2 file starts at one.
    package static func cachedBytes(
        of file: FileIndex, _ cached: Bitfield, _ layout: FileLayout, _ pieceLength: Int
    ) -> Int64 {
        cachedBytes(
            of: layout.pieces(of: file), from: layout.offset(of: file),
            length: layout.length(of: file), cached, pieceLength)
    }

    /// How many bytes lie in cached pieces of a part of the payload that begins at `start`.
    static func cachedBytes(
        of pieces: Range<PieceIndex>, from start: Int64, length: Int64, _ cached: Bitfield,
        _ pieceLength: Int
    ) -> Int64 {
        guard let first = pieces.first, let last = pieces.last else { return 0 }
        let end = start + length
        let size = Int64(pieceLength)
        var bytes = Int64(cached.setCount(in: pieces)) * size
        if cached[first] { bytes -= start - Int64(first.value) * size }
        if cached[last] { bytes -= Int64(last.value + 1) * size - end }
        return bytes
    }
}
