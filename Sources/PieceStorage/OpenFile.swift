import CLinux
import Glibc
import Reactor

/// An open file of a torrent, closed when the last reader lets go: a `pread` never meets a
/// descriptor that eviction has closed.
final class OpenFile: Sendable {
    let descriptor: Int32
    let budget: OpenFileBudget
    /// Held while the file is written past the page cache, system calls included.
    let direct = Locked(DirectDescriptor.unopened)

    init(_ descriptor: consuming OwnedDescriptor, budget: OpenFileBudget) {
        self.descriptor = descriptor.release()
        self.budget = budget
        budget.opened()
    }

    deinit {
        close(descriptor)
        direct.withLock { $0.close(budget) }
        budget.closed()
    }

    /// Whether nobody has the file open but for this object; see `FileLease`. May wait for a write past
    /// the page cache, whose own descriptor goes.
    var isExclusive: Bool {
        direct.withLock { direct in
            direct.close(budget)
            return FileLease.isExclusive(descriptor)
        }
    }

    /// Fills `buffer` from `offset` on. An error number, or `ENODATA` where the file ends first.
    func read(_ buffer: UnsafeMutableRawBufferPointer, at offset: Int64) -> Int32? {
        FileTransfer.read(descriptor, into: buffer, at: offset)
    }

    /// Fills `buffer` from `offset` on where that takes no waiting for a disk; false where it would,
    /// where the filesystem cannot tell, and for every fault.
    func readResident(_ buffer: UnsafeMutableRawBufferPointer, at offset: Int64) -> Bool {
        swarmfs_read_resident(descriptor, buffer.baseAddress, buffer.count, offset) == buffer.count
    }

    /// Writes all of `buffer` at `offset`; an error number where that fails.
    func write(_ buffer: UnsafeRawBufferPointer, at offset: Int64) -> Int32? {
        FileTransfer.write(buffer, to: descriptor, at: offset)
    }
}
