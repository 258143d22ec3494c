import Glibc
import Metainfo
import Reactor
import Synchronization
import TorrentCore
import TorrentCrypto

/// Reads and hashes the pieces of a draft on several threads, which take them in order.
final class DraftHasher: Sendable {
    /// What hashing brings: one entry a piece, empty in the format that is not made.
    struct Digests: Sendable {
        var hashes: [SHA1Digest]
        var roots: [SHA256Digest]
    }

    private struct Work: Sendable {
        var digests: Digests
        var piecesDone = 0
        var bytesDone: Int64 = 0
        var failure: CreationError?
        var threadsLeft = 0
    }

    private let draft: TorrentDraft
    private let source: SourceDirectory
    private let isCancelled: @Sendable () -> Bool
    private let next = Atomic(0)
    private let work: Reactor.Condition<Work>

    init(
        draft: TorrentDraft, source: consuming SourceDirectory,
        isCancelled: @escaping @Sendable () -> Bool
    ) {
        self.draft = draft
        self.source = source
        self.isCancelled = isCancelled
        let hasV1 = draft.options.version != .v2
        let hasV2 = draft.options.version != .v1
        work = Condition(
            Work(
                digests: Digests(
                    hashes: hasV1
                        ? Array(repeating: SHA256Digest.zero.truncated, count: draft.pieceCount)
                        : [],
                    roots: hasV2 ? Array(repeating: .zero, count: draft.pieceCount) : [])))
    }

    /// Hashes everything; calls `progress` on this thread.
    func run(
        threadCount: Int, interval: Interval, progress: (CreationProgress) -> Void
    ) throws(CreationError) -> Digests {
        let count = min(threadCount, draft.pieceCount)
        work.update { $0.threadsLeft = count }
        var threads: [Reactor.Thread] = []
        for index in 0..<count {
            do {
                threads.append(try Thread(name: "hash-\(index)") { [self] in hashPieces() })
            } catch {
                // The others stop at their next piece.
                work.update {
                    $0.failure = $0.failure ?? .system(error)
                    $0.threadsLeft -= count - index
                }
                break
            }
        }
        while true {
            let deadline = Timestamp.now() + interval
            let isDone = work.wait(until: deadline) { $0.threadsLeft == 0 ? true : nil } != nil
            report(to: progress)
            if isDone { break }
        }
        for thread in threads { thread.join() }
        let (failure, digests) = work.update { ($0.failure, $0.digests) }
        if let failure { throw failure }
        return digests
    }

    private func report(to progress: (CreationProgress) -> Void) {
        let (pieces, bytes) = work.update { ($0.piecesDone, $0.bytesDone) }
        guard pieces > 0, let last = draft.entries.last else { return }
        progress(
            CreationProgress(
                pieces: pieces, totalPieces: draft.pieceCount, bytes: bytes,
                totalBytes: last.offset + last.length))
    }

    // MARK: - On the threads

    private func hashPieces() {
        do throws(CreationError) {
            var reader = PieceReader(pieceLength: draft.pieceLength)
            while true {
                let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard piece < draft.pieceCount else { break }
                guard !isCancelled() else { throw CreationError.cancelled }
                guard work.update({ $0.failure == nil }) else { break }
                try reader.read(piece, of: draft, from: source)
                hash(piece, reader.bytes)
            }
            work.update { $0.threadsLeft -= 1 }
        } catch {
            work.update {
                $0.failure = $0.failure ?? error
                $0.threadsLeft -= 1
            }
        }
    }

    private func hash(_ piece: Int, _ bytes: [UInt8]) {
        let hashing = OpenSSLHashing()
        let length = draft.length(of: piece)
        var hash: SHA1Digest?
        var root: SHA256Digest?
        if draft.options.version != .v2 {
            hash = hashing.sha1(bytes.span.extracting(0..<length))
        }
        if draft.options.version != .v1, let part = draft.parts(of: piece).first {
            // Pieces are aligned to files here: one file's bytes, then padding at most.
            let leaves = MerkleTree.leaves(
                of: bytes.span.extracting(0..<part.length), hashing: hashing)
            root = MerkleTree.root(
                leaves: leaves,
                leafCount: draft.leafCount(fileLength: draft.files[part.file].length),
                hashing: hashing)
        }
        work.update { work in
            if let hash { work.digests.hashes[piece] = hash }
            if let root { work.digests.roots[piece] = root }
            work.piecesDone += 1
            work.bytesDone += Int64(length)
        }
    }
}
