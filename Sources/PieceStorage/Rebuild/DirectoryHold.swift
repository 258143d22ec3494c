import CLinux
import Glibc
import Reactor

/// A lock on a cache directory: while anybody holds it, the catalogue is not made anew by another,
/// see `CatalogueRebuild`.
final class DirectoryHold: Sendable {
    /// The directory's descriptor.
    let descriptor: Int32

    /// Takes the lock together with others; waits while the catalogue is being made anew.
    init(_ directory: Int32) throws(SystemError) {
        // A description of its own: the lock belongs to it, and ends with it.
        let number = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        descriptor = try OwnedDescriptor(number, "open the cache directory").release()
        try share()
    }

    deinit { close(descriptor) }

    /// Tries to be the only one; false where there are others, or where another tries as well.
    func takeAlone() throws(SystemError) -> Bool {
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
        guard errno == EWOULDBLOCK else { throw .last("lock the cache directory") }
        try share()
        return false
    }

    /// Lets others in again.
    func share() throws(SystemError) {
        while flock(descriptor, LOCK_SH) != 0 {
            guard errno == EINTR else { throw .last("lock the cache directory") }
        }
    }
}
