import CLinux
import Glibc
import Metainfo
import Reactor
import Synchronization
import TorrentCore

/// Takes what the user has of a torrent into the cache.
///
/// Nothing is believed: a piece counts only after the very bytes that the cache keeps were hashed. A
/// whole file is cloned where the filesystem can (Btrfs, XFS): the clone is ours, whatever becomes of
/// the original, is hashed where it lies, and what is not right is punched out of it again. Anything
/// else is read, hashed in memory and written from there, like a piece from a peer. Hard links are
/// never made: with them a program that changes its file would change what was verified, behind our
/// back and behind that of the kernel that reads it directly. Nor is `copy_file_range` used, which
/// would read what it copies a second time, for the hash.
final class DataImport: Sendable {
    /// A thread that finds no memory looks again after this; the disk is the bottleneck then.
    private static let shortageDelay: UInt32 = 1_000

    /// How long the disk may take for what is still in memory at the end.
    private static let writeLimit = Interval.seconds(600)

    private struct State: Sendable {
        var done: Int64 = 0
        var underWay = 0
    }

    private let store: PieceStore
    private let data: DataFolder
    /// Where the user's bytes lie.
    private let original: DiskLayout
    private let folder: CacheFolder
    private let clones = Locked(Set<FileIndex>())
    private let state = Condition(State())

    private let clone: @Sendable (_ target: Int32, _ source: Int32) -> Bool

    /// `clone` makes one file share the blocks of another; replaced in tests, as few filesystems can.
    init(
        _ store: PieceStore, _ folder: CacheFolder, path: String,
        clone: @escaping @Sendable (_ target: Int32, _ source: Int32) -> Bool = {
            swarmfs_clone_file($0, $1) == 0
        }
    ) throws(StorageError) {
        self.clone = clone
        self.store = store
        self.folder = folder
        data = try DataFolder(path: path, info: store.metainfo.info)
        original = DiskLayout(
            store.layout, pieceLength: store.geometry.pieceLength, isPacked: false)
    }

    /// Does it, on all cores; `progress` gets bytes, from one thread at a time.
    func run(
        progress: @escaping @Sendable (Int64, Int64) -> Void,
        isCancelled: @escaping @Sendable () -> Bool
    ) throws(StorageError) -> ImportResult {
        let kept = store.kept
        let wanted = store.geometry.pieces.filter { !kept[$0] }
        let total = wanted.reduce(Int64(0)) { $0 + Int64(store.geometry.length(of: $1)) }
        progress(0, total)
        store.beginAdopting()
        defer { store.endAdopting() }
        cloneFiles(without: kept, isCancelled)
        let next = Atomic(0)
        try store.runOnAllCores(count: wanted.count) { [self] in
            let checked = RecheckedFiles(store: store)
            while !isCancelled() {
                let number = next.add(1, ordering: .relaxed).oldValue
                guard number < wanted.count else { return }
                let report: @Sendable () -> Void = { [self] in
                    finish(wanted[number]) { progress($0, total) }
                }
                if isCloned(wanted[number]) {
                    adoptClone(of: wanted[number], checked)
                    report()
                } else {
                    adoptCopy(of: wanted[number], report)
                }
            }
        }
        _ = state.wait { $0.underWay == 0 ? true : nil }
        store.flush(until: .now() + Self.writeLimit)
        let cached = store.cached
        var result = ImportResult()
        result.pieces = store.geometry.pieceCount
        result.present = kept.setCount
        for piece in wanted where cached[piece] {
            result.adopted += 1
            result.adoptedBytes += Int64(store.geometry.length(of: piece))
        }
        result.sharedFiles = clones.withLock { $0.count }
        return result
    }

    private func finish(_ piece: PieceIndex, _ progress: (Int64) -> Void) {
        let length = Int64(store.geometry.length(of: piece))
        state.update { state in
            state.done += length
            progress(state.done)
        }
    }

    // MARK: - By clone

    /// Clones files of which the cache has nothing, until the filesystem turns out not to know how.
    private func cloneFiles(without kept: Bitfield, _ isCancelled: () -> Bool) {
        guard !store.disk.isPacked else { return }
        let layout = store.layout
        for file in layout.files
        where layout.length(of: file) > 0
            && layout.attributes(of: file).isDisjoint(with: [.padding, .symlink])
            && kept.setCount(in: layout.pieces(of: file)) == 0
            && !store.hasStoredBlocks(of: file)
        {
            guard !isCancelled() else { return }
            // Of another size, or not there: what is right of it is copied.
            guard let source = try? data.open(file),
                let target = try? store.openForWriting(file, folder)
            else { continue }
            store.usage?.touch(file, target.descriptor)
            let isCloned = clone(target.descriptor, source.rawValue)
            store.usage?.update(file, target.descriptor)
            guard isCloned else { return }
            _ = clones.withLock { $0.insert(file) }
        }
    }

    private func isCloned(_ piece: PieceIndex) -> Bool {
        let slices = store.layout.slices(of: piece)
        return clones.withLock { clones in
            !clones.isEmpty
                && slices.allSatisfy { slice in
                    store.layout.attributes(of: slice.file).contains(.padding)
                        || clones.contains(slice.file)
                }
        }
    }

    private func adoptClone(of piece: PieceIndex, _ checked: RecheckedFiles) {
        var files: [(FileIndex, OpenFile)] = []
        let isRight = checked.isRight(piece)
        var payload = 0
        for slice in store.layout.slices(of: piece)
        where !store.layout.attributes(of: slice.file).contains(.padding) {
            guard let file = try? store.openForWriting(slice.file, folder) else { return }
            if isRight {
                files.append((slice.file, file))
                payload += slice.length
            } else {
                _ = swarmfs_punch_hole(
                    file.descriptor, slice.fileOffset, Int64(slice.length))
                store.usage?.update(slice.file, file.descriptor)
            }
        }
        guard isRight else { return }
        store.noteWritten(piece, files, payload)
        folder.cache.commits.noteWritten(store, bytes: payload)
    }

    // MARK: - By copy

    private func adoptCopy(of piece: PieceIndex, _ report: @escaping @Sendable () -> Void) {
        let bytes: PieceBuffer
        while true {
            if let buffer = store.makeBuffer(for: piece) {
                bytes = buffer
                break
            }
            usleep(Self.shortageDelay)
        }
        let isRead = store.readSlices(piece, from: 0, into: bytes.bytes, in: original) {
            file, offset, part in
            guard let source = try? data.open(file, isAnySize: true) else { return false }
            return OpenFile(source, budget: store.pools.openFiles).read(part, at: offset) == nil
        }
        guard isRead else { return report() }
        state.update { $0.underWay += 1 }
        store.submit(bytes, wantsBlockDigests: false) { [self] _ in
            report()
            state.update { $0.underWay -= 1 }
        }
    }
}
