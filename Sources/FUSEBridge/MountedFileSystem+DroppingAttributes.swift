import CFUSE
import Glibc
import Synchronization
import TorrentTree

// What the kernel keeps of attributes.
extension MountedFileSystem {
    /// Has the kernel ask for a file's attributes again: what is cached of it, which `st_blocks`
    /// shows, is about to grow. Pages stay. Never waits: the kernel only marks the inode
    /// (`fuse_reverse_inval_inode` with a negative offset). For worker threads, which end before the
    /// device is closed; one system call.
    func dropAttributes(of inode: fuse_ino_t) {
        var header = fuse_out_header()
        var notice = fuse_notify_inval_inode_out(ino: UInt64(inode), off: -1, len: 0)
        let size = MemoryLayout.size(ofValue: header) + MemoryLayout.size(ofValue: notice)
        header.len = UInt32(size)
        // A message without a request: the kernel takes its kind from here.
        header.error = Int32(bitPattern: FUSE_NOTIFY_INVAL_INODE.rawValue)
        withUnsafeMutableBytes(of: &header) { header in
            withUnsafeMutableBytes(of: &notice) { notice in
                let parts = [
                    iovec(iov_base: header.baseAddress, iov_len: header.count),
                    iovec(iov_base: notice.baseAddress, iov_len: notice.count),
                ]
                // Fails where the kernel knows nothing of the file, which is as well.
                _ = writev(device.load(ordering: .relaxed), parts, Int32(parts.count))
            }
        }
    }
}
