import DHTProtocol
import Glibc
import Reactor
import TorrentCore

/// The file that keeps the routing table from one run to the next.
///
/// Sessions of one user share it: all start from its nodes, but only the one that holds its lock takes
/// the IDs over and writes it, for no two nodes may have the same.
final class DHTStateFile: Sendable {
    private let path: String
    /// Holds the lock as long as it is open; closed at the end.
    private let lock: Int32?
    /// Whether a thread is writing.
    private let isBusy = Locked(false)

    /// Opens the lock file beside `path`; where that fails, nothing is written later.
    init(path: String) {
        self.path = path
        let descriptor = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            if descriptor >= 0 { close(descriptor) }
            lock = nil
            return
        }
        lock = descriptor
    }

    deinit { if let lock { close(lock) } }

    /// What the last run has left; nothing where there is none, or where it is no such file.
    func read() -> DHTSavedState {
        guard let bytes = try? FileContents.read(path, limit: DHTSavedState.byteLimit),
            var state = DHTSavedState(decoding: bytes)
        else { return DHTSavedState() }
        if lock == nil { state.ids = [:] }
        return state
    }

    /// Writes on a thread of its own, to a new file that takes the old one's place. Dropped while one is
    /// being written.
    func write(_ state: DHTSavedState) {
        guard lock != nil, !state.contacts.isEmpty else { return }
        let isFree = isBusy.withLock { isBusy in
            defer { isBusy = true }
            return !isBusy
        }
        guard isFree else { return }
        let bytes = state.encoded
        let thread = try? Thread(name: "dht-state") { [self] in
            do throws(SystemError) {
                try FileContents.replace(
                    path, draft: path + ".new", in: AT_FDCWD, with: bytes)
            } catch {
                Log.debug("the DHT's nodes are not kept: \(error)")
            }
            isBusy.withLock { $0 = false }
        }
        if thread == nil { isBusy.withLock { $0 = false } }
    }
}
