import Glibc
package import Metainfo
import Reactor
import Synchronization
import TorrentCore
import TorrentCrypto

/// Makes a torrent of a file or a folder, hashing on all cores.
///
/// The same files and settings give the same infohash everywhere, and the same as libtorrent's; see
/// `TorrentDraft`. Memory: one piece a core.
package final class TorrentCreator: Sendable {
    /// How often progress is reported: often enough to look smooth, and no work to speak of.
    private static let progressInterval = Interval.milliseconds(100)

    private let path: String
    private let options: TorrentOptions
    private let leftOut: Set<FileIdentity>
    private let threadCount: Int
    private let isCancelled = Atomic(false)

    /// Prepares; touches nothing yet. Files of `leftOut` do not get into the torrent, such as the
    /// one that it is written to. `threadCount` is that of the processors unless given.
    package init(
        path: String, options: TorrentOptions, leavingOut leftOut: Set<FileIdentity> = [],
        threadCount: Int? = nil
    ) {
        self.path = path
        self.options = options
        self.leftOut = leftOut
        self.threadCount = threadCount ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    }

    /// Makes `create` end soon with `cancelled`; from any thread, or a signal's.
    package func cancel() { isCancelled.store(true, ordering: .relaxed) }

    /// Does the work and waits for it. `progress` is called on this thread, at the end at the
    /// latest, not at all when it fails before the first piece.
    package func create(
        progress: (CreationProgress) -> Void = { _ in }
    ) throws(CreationError) -> TorrentMetainfo {
        let source = try SourceDirectory(path: path, leavingOut: leftOut) {
            isCancelled.load(ordering: .relaxed)
        }
        let draft: TorrentDraft
        do {
            draft = try TorrentDraft(
                name: source.name, isSingleFile: source.isSingleFile, files: source.files,
                options: options)
        } catch {
            throw .draft(error)
        }
        let hasher = DraftHasher(
            draft: draft, source: source,
            isCancelled: { [self] in
                isCancelled.load(ordering: .relaxed)
            })
        let digests = try hasher.run(
            threadCount: threadCount, interval: Self.progressInterval, progress: progress)
        do {
            return try draft.metainfo(
                pieceHashes: digests.hashes, pieceRoots: digests.roots, hashing: OpenSSLHashing())
        } catch {
            throw .draft(error)
        }
    }
}
