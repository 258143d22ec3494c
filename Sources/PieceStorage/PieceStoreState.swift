import TorrentCore

/// What a store's one lock guards.
struct PieceStoreState {
    /// A read that waits for pieces.
    struct Wait {
        /// How far the source knows of it. Only the thread that is telling it `readArrived`
        /// may tell it `readEnded` before that call has returned.
        enum Phase {
            case unannounced, announcing, announced
        }

        let pieces: Range<PieceIndex>
        /// The part of the payload that the read needs; nil for all of the pieces.
        let bytes: Range<Int64>?
        let completion: @Sendable () -> Void
        var missing: Int
        var phase: Phase
    }

    /// Verified and in a cache file (or in the data to seed).
    var cached: Bitfield
    /// Payload bytes of the cached pieces, padding left out.
    var cachedBytes: Int64
    /// In a cache file, but to be hashed before it counts as cached; nil where nothing ever was.
    var doubtful: Bitfield?
    /// Not to be evicted, cached or not; nil where nothing is pinned.
    var pinned: Bitfield?
    /// Not here, but held by another torrent of the cache, to be taken from there before it is served;
    /// nil where there is none.
    var elsewhere: Bitfield?
    /// Those of `doubtful` and `elsewhere` that are queued, ahead of a reader.
    var queuedChecks: Set<PieceIndex> = []
    /// Verified, in memory: being written, or kept because the disk is full.
    var inMemory: [PieceIndex: PieceBuffer] = [:]
    /// Verified blocks of pieces that are neither cached nor in memory, and not on disk.
    var blocks: BlockCache
    /// Such blocks that are on disk.
    var stored: StoredBlocks
    /// Those of `inMemory` that could not be written, with the time of their last use.
    var retained: [PieceIndex: UInt64] = [:]
    var retainedBytes = 0
    /// Counts uses of retained pieces.
    var useClock: UInt64 = 0

    /// Cached ones that are in memory as well; see `RecentPieces`.
    var recent: [PieceIndex: PieceBuffer] = [:]

    var waits: [ReadID: Wait] = [:]
    var waiters: [PieceIndex: [ReadID]] = [:]
    var nextRead: UInt64 = 1
    /// Streams whose readahead the source has been told of.
    var streams: Set<StreamID> = []

    /// What the catalogue may count as cached, or be about to. The rest it need not be told of when it
    /// is evicted.
    var recorded: Bitfield
    /// Missing again, though the catalogue could not be told: a file's pieces, or a single one.
    var untold: [Range<PieceIndex>] = []
    /// Written since the last sync.
    var dirtyPieces: Set<PieceIndex> = []
    /// Handed to the commit thread, not in the catalogue yet.
    var syncingPieces: Set<PieceIndex> = []
    var dirtyFiles: [FileIndex: OpenFile] = [:]
    /// More files are dirty than `dirtyFiles` holds.
    var hasMoreDirtyFiles = false

    /// When each piece was last used.
    var uses: UseTimes
    /// Pieces being written to their files, and by how many threads.
    var writing: [PieceIndex: Int] = [:]
    /// On their way out: not cached any more, while their bytes are being given back to the disk.
    var evicting: Set<PieceIndex> = []
    /// Those of `evicting` whose bytes are still right, should they have to stay after all.
    var restorable: Set<PieceIndex> = []
    /// Bytes that are in no piece's memory are about to count as cached: an import adopts them where
    /// they lie, so that no hole may go through what is not cached.
    var isAdopting = false
    /// Nothing may be evicted any more: the torrent is about to be somebody else's.
    var isLeaving = false

    var files = OpenFileTable()
    /// Files that others read directly, and how often they were retained: their bytes must not be
    /// taken off the disk. (A program may keep such a file open beyond the mount. Who takes bytes off
    /// the disk has to make sure that nobody has the file open, by a write lease on it.)
    var retainedFiles: [FileIndex: Int] = [:]
    var source: (any BlockSource)?
    var piecesLost: (@Sendable ([PieceIndex]) -> Void)?
    var bufferAvailable: (@Sendable () -> Void)?
    var isClosed = false
    /// Whether nobody can be reached who might have what is missing: for the time being, or, of an
    /// offline mount, ever.
    var isCutOff: Bool

    init(
        cached: Bitfield, recorded: Bitfield, cachedBytes: Int64, uses: UseTimes,
        doubtful: Bitfield? = nil, elsewhere: Bitfield? = nil, pinned: Bitfield? = nil,
        blockBytes: Int = 0, stored: StoredBlocks = StoredBlocks(), isCutOff: Bool = false
    ) {
        self.isCutOff = isCutOff
        blocks = BlockCache(limit: blockBytes)
        self.stored = stored
        self.uses = uses
        self.cached = cached
        self.recorded = recorded
        self.cachedBytes = cachedBytes
        self.doubtful = doubtful
        self.elsewhere = elsewhere
        self.pinned = pinned
    }

    /// Whether the piece is not to be evicted.
    func isPinned(_ piece: PieceIndex) -> Bool { pinned?[piece] ?? false }

    /// Whether the piece is to be hashed before it is served.
    func isDoubtful(_ piece: PieceIndex) -> Bool { doubtful?[piece] ?? false }

    /// Whether the piece is to be taken from another torrent of the cache.
    func isElsewhere(_ piece: PieceIndex) -> Bool { elsewhere?[piece] ?? false }

    /// Whether the piece is probably on this disk, and nobody has to fetch it.
    func isUnsettled(_ piece: PieceIndex) -> Bool { isDoubtful(piece) || isElsewhere(piece) }

    /// Whether there is any such piece.
    var hasUnsettled: Bool { doubtful != nil || elsewhere != nil }

    /// Whether the piece has to be fetched, and nobody can be asked for it.
    func isUnreachable(_ piece: PieceIndex) -> Bool {
        isCutOff && !has(piece) && !isUnsettled(piece)
    }

    /// Whether verified bytes of the piece can be had.
    func has(_ piece: PieceIndex) -> Bool { cached[piece] || inMemory[piece] != nil }

    /// Whether all of these pieces are on disk for good.
    func isLasting(_ pieces: Range<PieceIndex>) -> Bool {
        guard cached.first(in: pieces, isSet: false) == nil else { return false }
        return [dirtyPieces, syncingPieces].allSatisfy { unsynced in
            pieces.count < unsynced.count
                ? pieces.allSatisfy { !unsynced.contains($0) }
                : unsynced.allSatisfy { !pieces.contains($0) }
        }
    }

    /// Whether any of these is in memory beside being cached.
    func hasRecent(_ pieces: Range<PieceIndex>) -> Bool {
        !recent.isEmpty && pieces.contains { recent[$0] != nil }
    }

    /// The piece's memory, noted as used.
    mutating func memory(of piece: PieceIndex) -> PieceBuffer? {
        if cached[piece] { return recent[piece] }
        guard let buffer = inMemory[piece] else { return nil }
        if retained[piece] != nil {
            useClock += 1
            retained[piece] = useClock
        }
        return buffer
    }

    /// A piece has come: takes out the waits that waited for nothing else.
    mutating func takeWaits(endedBy piece: PieceIndex) -> [(read: ReadID, wait: Wait)] {
        var ended: [(read: ReadID, wait: Wait)] = []
        for read in waiters.removeValue(forKey: piece) ?? [] {
            guard let missing = waits[read]?.missing else { continue }
            if missing > 1 {
                waits[read]?.missing = missing - 1
            } else if let wait = waits.removeValue(forKey: read) {
                ended.append((read, wait))
            }
        }
        return ended
    }

    /// Removes a wait from the lists of the pieces it waits for.
    mutating func unlink(_ read: ReadID, _ pieces: Range<PieceIndex>) {
        for piece in pieces {
            guard var list = waiters.removeValue(forKey: piece) else { continue }
            list.removeAll { $0 == read }
            if !list.isEmpty { waiters[piece] = list }
        }
    }

    /// Takes a piece out of `inMemory` and `retained`.
    mutating func dropMemory(of piece: PieceIndex) {
        guard let buffer = inMemory.removeValue(forKey: piece) else { return }
        if retained.removeValue(forKey: piece) != nil { retainedBytes -= buffer.bytes.count }
    }
}
