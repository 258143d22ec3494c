import Glibc
import Metainfo
import Reactor
import TorrentCore

/// Reads of what is not cached, where nobody will ever fetch it, or not for the time being.
extension PieceStore {
    /// Files that the log names; a program that tries a million of them need not fill the disk.
    private static let logLimit = 1000

    /// What a read comes to that lacks some of these pieces: nothing, unless all it lacks is to be
    /// hashed, or taken from another torrent, first.
    ///
    /// `ENETUNREACH` is what programs print best: "Network is unreachable" is the reason, where
    /// "Input/output error" would send people to look for a broken disk. Where the kernel reads pages
    /// for a mapping it makes SIGBUS of either.
    func refusal(of missing: Range<PieceIndex>, in file: FileIndex) -> ReadOutcome {
        let isHopeless = state.withLock { state in
            missing.contains { !state.has($0) && !state.isUnsettled($0) }
        }
        guard isHopeless else { return .missing(missing) }
        let isNew = refusedFiles.withLock { files in
            files.count < Self.logLimit && files.insert(file).inserted
        }
        if isNew {
            let path = layout.path(of: file).map { String(decoding: $0, as: UTF8.self) }
            Log.warning(
                "torrent \(metainfo.info.identity): \(path.joined(separator: "/")): a read failed, "
                    + "as not all of the file is cached and "
                    + (isOffline ? "the mount is offline" : "this machine has no network"))
        }
        return .failed(ENETUNREACH)
    }

    /// Whether nobody can be reached who might have what is missing: reads of it fail at once.
    package var isCutOff: Bool { state.withLock { $0.isCutOff } }

    /// Says whether it is so; an offline mount is cut off for good. Reads that wait for what is missing
    /// fail then, like those to come: a program is not to hang in one read and get an error for the
    /// next.
    package func setCutOff(_ isCutOff: Bool) {
        guard !isOffline else { return }
        let (ended, source) = state.withLock { state in
            var ended: [(read: ReadID, wait: PieceStoreState.Wait)] = []
            guard state.isCutOff != isCutOff else { return (ended, state.source) }
            state.isCutOff = isCutOff
            for (read, wait) in state.waits
            where wait.pieces.contains(where: { state.isUnreachable($0) }) {
                state.waits[read] = nil
                state.unlink(read, wait.pieces)
                ended.append((read, wait))
            }
            return (ended, state.source)
        }
        end(ended, source)
        // Each outage is logged anew.
        if !isCutOff { refusedFiles.withLock { $0 = [] } }
    }
}

extension PieceStoreState {
    /// Takes out the waits for a piece that has just become missing, where nobody will fetch it.
    mutating func takeHopelessWaits(
        for piece: PieceIndex
    ) -> [(read: ReadID, wait: Wait)] { isUnreachable(piece) ? takeWaiters(of: piece) : [] }
}
