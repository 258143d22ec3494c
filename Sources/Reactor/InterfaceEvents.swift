import CLinux
import Glibc

/// Tells when the machine's network interfaces change: links, addresses (rtnetlink(7)).
package final class InterfaceEvents {
    /// Messages need not fit: that something has changed is all that is read from them.
    private static let scratchLength = 4096
    /// Messages read at once; more wait for the next turn of the loop.
    private static let batch = 64

    private let owned: OwnedDescriptor

    /// The descriptor, for registering with an event loop.
    package var descriptor: Int32 { owned.rawValue }

    /// Begins to listen; fails where the kernel or a sandbox has no such sockets.
    package init() throws(SystemError) {
        owned = try OwnedDescriptor(swarmfs_open_interface_events(), "watch network interfaces")
    }

    /// Takes what has been told so far. That too much was told is a change like any other.
    package func drain() {
        withUnsafeTemporaryAllocation(byteCount: Self.scratchLength, alignment: 16) { scratch in
            for _ in 0..<Self.batch {
                guard
                    recv(descriptor, scratch.baseAddress, scratch.count, 0) >= 0
                        || errno == ENOBUFS || errno == EINTR
                else { return }
            }
        }
    }
}
