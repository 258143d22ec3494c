import CFUSE
import Glibc
import Metainfo
import PieceStorage
import Synchronization
import TorrentCore
import TorrentTree

// Opening and closing files, and in which mode.
//
// The first open of a file sets its mode, which all handles share until the last is closed: a file
// that becomes complete while it is open stays in cached mode until then. Our count of handles is
// never below the kernel's: up before the answer to an open, down after the kernel's own.
extension MountedFileSystem {
    func open(_ request: fuse_req_t, _ inode: fuse_ino_t, _ file: inout fuse_file_info) {
        guard let node = node(inode), case .file(let torrent, let index) = tree.kind(of: node)
        else {
            fuse_reply_err(request, node(inode) == nil ? ESTALE : EISDIR)
            return
        }
        guard file.flags & O_ACCMODE == O_RDONLY else {
            fuse_reply_err(request, EROFS)
            return
        }
        let length = tree.torrents[torrent].layout.length(of: index)
        let cached = contents[torrent].cachedBytes(of: index)
        let handle = FileHandle(
            number: nextHandle.add(1, ordering: .relaxed).newValue,
            isComplete: cached >= length)
        let mode = join(node, torrent, index)
        // After the count of handles has gone up, so that what is asked from now on is kept briefly.
        if cached == 0, length > 0 { dropAttributes(of: inode) }
        let isAnswered: Bool
        switch mode {
        case .cached:
            file.fh = handle.rawValue
            file.keep_cache = 1
            file.noflush = 1
            isAnswered = fuse_reply_open(request, &file) == 0
        case .passthrough(let backing):
            // The kernel drops the pages it has of the file: it takes no other flags here.
            let flags = SWARMFS_OPEN_PASSTHROUGH | SWARMFS_OPEN_NOFLUSH
            var answer = swarmfs_open_out(
                handle: handle.rawValue, flags: UInt32(flags), backing: backing)
            isAnswered = withUnsafeBytes(of: &answer) {
                fuse_reply_buf(
                    request, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count) == 0
            }
        }
        // A failure means that the program was interrupted: there will be no release.
        if !isAnswered { released(node, torrent, index) }
    }

    func release(_ request: fuse_req_t, _ inode: fuse_ino_t) {
        if let node = node(inode), case .file(let torrent, let file) = tree.kind(of: node) {
            released(node, torrent, file)
        }
        fuse_reply_err(request, 0)
    }

    /// The mode of a file's handles, or the one that the next open would have.
    func mode(of node: NodeID, _ torrent: Int, _ file: FileIndex) -> String {
        if let mode = inodes.mode(of: node) { return mode.name }
        let isDirect = passthrough.isAvailable && contents[torrent].isCompleteOnDisk(file)
        return (isDirect ? OpenMode.passthrough(backing: 0) : .cached).name
    }

    /// Gives up the files that are open in passthrough, as the mount has ended; no worker may run.
    func releaseBackings() {
        for (node, backing) in inodes.takeBackings() {
            guard case .file(let torrent, let file) = tree.kind(of: node) else { continue }
            discard(.passthrough(backing: backing), torrent, file)
        }
    }

    /// Counts a new handle of a file, and gives its mode.
    private func join(_ node: NodeID, _ torrent: Int, _ file: FileIndex) -> OpenMode {
        if let mode = inodes.join(node) { return mode }
        // No lock is held meanwhile: another thread may open the file as well, and be first.
        let proposal = newMode(torrent, file)
        let mode = inodes.opened(node, as: proposal)
        if mode != proposal { discard(proposal, torrent, file) }
        return mode
    }

    private func newMode(_ torrent: Int, _ file: FileIndex) -> OpenMode {
        guard passthrough.isAvailable,
            let descriptor = contents[torrent].retainCompleteFile(file)
        else { return .cached }
        guard let backing = passthrough.open(descriptor) else {
            contents[torrent].releaseCompleteFile(file)
            return .cached
        }
        return .passthrough(backing: backing)
    }

    private func discard(_ mode: OpenMode, _ torrent: Int, _ file: FileIndex) {
        guard case .passthrough(let backing) = mode else { return }
        passthrough.close(backing)
        contents[torrent].releaseCompleteFile(file)
    }

    private func released(_ node: NodeID, _ torrent: Int, _ file: FileIndex) {
        guard let mode = inodes.released(node, in: contents[torrent]) else { return }
        discard(mode, torrent, file)
    }
}
