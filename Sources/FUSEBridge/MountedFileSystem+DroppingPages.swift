import CFUSE
import Glibc
import Metainfo
import Reactor
package import TorrentCore
import TorrentTree

// What the kernel keeps of files.
extension MountedFileSystem {
    /// Has the kernel forget what it keeps of these pieces of a torrent, by its position: they were
    /// read from a damaged cache file, perhaps. Blocks while reads of them are under way; linear in
    /// the torrent's files. Does nothing before the mount and after its end.
    package func dropPages(of pieces: [PieceIndex], torrent: Int) {
        let layout = tree.torrents[torrent].layout
        var parts: [FileIndex: [Range<Int64>]] = [:]
        for piece in pieces {
            for slice in layout.slices(of: piece) {
                parts[slice.file, default: []].append(
                    slice.fileOffset..<slice.fileOffset + Int64(slice.length))
            }
        }
        var number = tree.top(of: torrent).rawValue
        while number < tree.nodeCount, tree.torrent(of: NodeID(number)) == torrent {
            if case .file(_, let file) = tree.kind(of: NodeID(number)), let ranges = parts[file] {
                for range in ranges { dropPages(of: fuse_ino_t(number) + 1, range) }
            }
            number += 1
        }
    }

    private func dropPages(of inode: fuse_ino_t, _ bytes: Range<Int64>) {
        // Held, so that the session is not freed meanwhile.
        session.withLock { session in
            guard let session else { return }
            // Fails where the kernel knows nothing of the file, which is as well.
            _ = fuse_lowlevel_notify_inval_inode(
                session.raw, inode, off_t(bytes.lowerBound), off_t(bytes.count))
        }
    }
}
