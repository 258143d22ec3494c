/// Why a mount came to its end.
package enum MountEnd: Equatable, Sendable {
    /// `MountedFileSystem.unmount` was called.
    case requested
    /// Somebody unmounted it: `umount`, `fusermount3 -u`, also lazily.
    case unmounted
}
