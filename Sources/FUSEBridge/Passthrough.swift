import CFUSE
import Glibc
import Reactor
import Synchronization

/// Has the kernel read files of the cache itself (FUSE passthrough): at native speed, and without
/// this process. Needs Linux 6.9, CAP_SYS_ADMIN, and a cache that is not on a stacked filesystem
/// (overlayfs); without these it is just not available.
///
/// libfuse 3.14 does not know of it. `SessionIO` therefore shows each INIT request to `inspect`, and
/// `amend` adds to libfuse's answer what turns passthrough on.
final class Passthrough: Sendable {
    /// Filesystems that may lie on each other, ours included: ours on one that is not stacked. A
    /// program can then still put an overlay on the mount.
    private static let stackDepth: UInt32 = 1

    /// The number of the INIT request that offers passthrough; zero, which no request has, before.
    private let offer = Atomic<UInt64>(0)
    /// /dev/fuse once passthrough is known to work, else -1.
    private let device = Atomic<Int32>(-1)

    /// Whether complete files can be opened so.
    var isAvailable: Bool { device.load(ordering: .relaxed) >= 0 }

    /// Whether the kernel has offered it; known once the protocol is settled.
    var isOffered: Bool { offer.load(ordering: .relaxed) != 0 }

    /// Looks whether a request is an INIT that offers passthrough.
    func inspect(_ request: UnsafeRawBufferPointer) {
        let headerSize = MemoryLayout<fuse_in_header>.size
        // Kernels before 5.17 send a shorter INIT, which has no second word of flags.
        guard request.count >= headerSize + MemoryLayout<fuse_init_in>.size else { return }
        let header = request.loadUnaligned(as: fuse_in_header.self)
        let offered = request.loadUnaligned(fromByteOffset: headerSize, as: fuse_init_in.self)
        guard header.opcode == FUSE_INIT.rawValue,
            offered.flags & UInt32(FUSE_INIT_EXT) != 0,
            offered.flags2 & UInt32(SWARMFS_INIT_PASSTHROUGH) != 0
        else { return }
        offer.store(header.unique, ordering: .relaxed)
    }

    /// Turns passthrough on in an answer, if it answers the INIT that offers it.
    func amend(_ answer: inout swarmfs_init_out, to request: UInt64) {
        guard request != 0, request == offer.load(ordering: .relaxed) else { return }
        answer.flags |= UInt32(FUSE_INIT_EXT)
        answer.flags2 |= UInt32(SWARMFS_INIT_PASSTHROUGH)
        answer.max_stack_depth = Self.stackDepth
    }

    /// Finds out whether passthrough works, once the kernel has the answer to INIT. The kernel says
    /// no without privilege, and where it has not offered it.
    func start(_ device: Int32) {
        let file = swarmfs_memory_file()
        guard file >= 0 else { return }
        defer { Glibc.close(file) }
        let backing = swarmfs_open_backing(device, file)
        guard backing > 0 else {
            Log.debug("\(SystemError.last("passthrough")): complete files are read by this process")
            return
        }
        _ = swarmfs_close_backing(device, backing)
        self.device.store(device, ordering: .relaxed)
    }

    /// The number by which the kernel knows an open file from now on; nil where it does not take it.
    func open(_ file: borrowing OwnedDescriptor) -> Int32? {
        let device = device.load(ordering: .relaxed)
        // A program's direct open would fail if the cache's filesystem has no such reads.
        guard device >= 0, swarmfs_make_direct(file.rawValue) == 0 else { return nil }
        let backing = swarmfs_open_backing(device, file.rawValue)
        guard backing > 0 else {
            Log.debug("\(SystemError.last("passthrough"))")
            return nil
        }
        return backing
    }

    /// Ends a number; files that are open by it stay so.
    func close(_ backing: Int32) {
        _ = swarmfs_close_backing(device.load(ordering: .relaxed), backing)
    }
}
