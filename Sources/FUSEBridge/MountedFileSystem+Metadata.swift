import CFUSE
import Glibc
import Metainfo
import PieceStorage
import Reactor
import TorrentCore
import TorrentTree

extension MountedFileSystem {
    /// How long the kernel may keep what never changes, in seconds: names, what is not there, and
    /// attributes but for `st_blocks` of a file that is not complete.
    private static let longTimeout = 86_400.0
    /// How long the kernel may keep attributes of a file whose `st_blocks` still grows, in seconds.
    private static let blocksTimeout = 1.0
    /// How long the kernel may keep attributes of a file of which nothing is cached and which nobody
    /// has open, in seconds: long enough that a second walk over a great tree asks us nothing. The
    /// first open ends it; a neighbour's read, which may bring a shared piece, does not.
    private static let untouchedTimeout = 30.0
    /// What `st_blocks` counts in.
    private static let blockLength: Int64 = 512
    /// What `statfs` counts in.
    private static let pageLength = 4096
    /// READs in flight that nobody may be waiting for. Far above the kernel's 12, as each waiting
    /// reader holds one for the grace time, and reads of cached data queue behind them.
    private static let backgroundLimit: UInt32 = 4096
    /// From this many of those on the kernel may skip readahead even for a page that a program waits
    /// for, and asks for it alone, in a way that looks like a READ in the background and is none: failed
    /// after the grace time it would fail the program. So never.
    private static let congestionThreshold = backgroundLimit

    /// Settles what the kernel and we use of the protocol.
    func negotiate(_ connection: inout fuse_conn_info) {
        func want(_ capability: Int32) {
            connection.want |= connection.capable & UInt32(bitPattern: capability)
        }
        func refuse(_ capability: Int32) { connection.want &= ~UInt32(bitPattern: capability) }
        want(FUSE_CAP_ASYNC_READ)
        want(FUSE_CAP_READDIRPLUS)
        want(FUSE_CAP_READDIRPLUS_AUTO)
        want(FUSE_CAP_PARALLEL_DIROPS)
        want(FUSE_CAP_CACHE_SYMLINKS)
        // Files never change: nothing is to be checked against their size and time.
        refuse(FUSE_CAP_AUTO_INVAL_DATA)
        // A direct read split into background requests could not be ended by a signal.
        refuse(FUSE_CAP_ASYNC_DIO)
        connection.max_background = Self.backgroundLimit
        connection.congestion_threshold = Self.congestionThreshold
        lifecycle.update { $0.isInitialised = true }
    }

    /// The node the kernel means.
    func node(_ inode: fuse_ino_t) -> NodeID? {
        inode > 0 && inode <= UInt(tree.nodeCount) ? NodeID(UInt32(inode - 1)) : nil
    }

    func lookup(_ request: fuse_req_t, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>) {
        guard let directory = node(parent) else {
            fuse_reply_err(request, ESTALE)
            return
        }
        let bytes = UnsafeRawBufferPointer(start: name, count: strlen(name))
        let found = bytes.withMemoryRebound(to: UInt8.self) {
            tree.lookup($0.span, in: directory)
        }
        var entry = found.map { self.entry($0) } ?? fuse_entry_param()
        // Without an inode number it says that there is no such name.
        entry.entry_timeout = Self.longTimeout
        if fuse_reply_entry(request, &entry) != 0 { return }
    }

    func getAttributes(_ request: fuse_req_t, _ inode: fuse_ino_t) {
        guard let node = node(inode) else {
            fuse_reply_err(request, ESTALE)
            return
        }
        var (attributes, timeout) = attributes(of: node)
        fuse_reply_attr(request, &attributes, timeout)
    }

    func readLink(_ request: fuse_req_t, _ inode: fuse_ino_t) {
        guard let node = node(inode) else {
            fuse_reply_err(request, ESTALE)
            return
        }
        do throws(LinkError) {
            let text = try tree.linkText(of: node) + [0]
            text.withUnsafeBytes {
                _ = fuse_reply_readlink(
                    request, $0.baseAddress?.assumingMemoryBound(to: CChar.self))
            }
        } catch {
            switch error {
            case .noTarget: fuse_reply_err(request, ENOENT)
            case .loop: fuse_reply_err(request, ELOOP)
            case .tooLong: fuse_reply_err(request, ENAMETOOLONG)
            }
        }
    }

    func openDirectory(_ request: fuse_req_t, _ inode: fuse_ino_t, _ file: inout fuse_file_info) {
        guard let node = node(inode), tree.kind(of: node).isDirectory else {
            fuse_reply_err(request, ENOTDIR)
            return
        }
        file.cache_readdir = 1
        file.keep_cache = 1
        fuse_reply_open(request, &file)
    }

    /// Cursors: 1 is behind `.`, 2 behind `..`, n + 2 behind the child at position n - 1.
    func readDirectory(
        _ request: fuse_req_t, _ inode: fuse_ino_t, size: Int, cursor: Int, withAttributes: Bool
    ) {
        guard let directory = node(inode), cursor >= 0 else {
            fuse_reply_err(request, ESTALE)
            return
        }
        let end = tree.childCount(of: directory) + 2
        let answered: Void? = ReplyBuffer.with(size) { buffer in
            let base = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            var used = 0
            var cursor = cursor
            while cursor < end {
                let node =
                    switch cursor {
                    case 0: directory
                    case 1: tree.parent(of: directory)
                    default: tree.child(cursor - 2, of: directory)
                    }
                let room = size - used
                let needed = withName(of: node, at: cursor) { name in
                    guard withAttributes else {
                        var attributes = stat()
                        attributes.st_ino = ino_t(tree.inode(of: node))
                        attributes.st_mode = fileType(of: node)
                        return fuse_add_direntry(
                            request, base.map { $0 + used }, room, name, &attributes,
                            off_t(cursor + 1))
                    }
                    var entry = entry(node)
                    // The two dots are not looked up by being listed.
                    if cursor < 2 { entry.ino = 0 }
                    return fuse_add_direntry_plus(
                        request, base.map { $0 + used }, room, name, &entry, off_t(cursor + 1))
                }
                guard needed <= room else { break }
                used += needed
                cursor += 1
            }
            fuse_reply_buf(request, base, used)
        }
        if answered == nil { fuse_reply_err(request, ENOMEM) }
    }

    func statistics(_ request: fuse_req_t) {
        var statistics = statvfs()
        let bytes = tree.torrents.reduce(into: Int64(0)) { $0 += $1.layout.payloadLength }
        let page = Int64(Self.pageLength)
        statistics.f_bsize = UInt(page)
        statistics.f_frsize = UInt(page)
        statistics.f_blocks = UInt((bytes + page - 1) / page)
        statistics.f_files = UInt(tree.nodeCount)
        statistics.f_namemax = 255
        fuse_reply_statfs(request, &statistics)
    }

    // MARK: - Parts

    private func withName<Result>(
        of node: NodeID, at cursor: Int, _ body: (UnsafePointer<CChar>?) -> Result
    ) -> Result {
        switch cursor {
        case 0: ".".withCString { body($0) }
        case 1: "..".withCString { body($0) }
        default:
            tree.withName(of: node) {
                $0.withMemoryRebound(to: CChar.self) { body($0.baseAddress) }
            }
        }
    }

    private func entry(_ node: NodeID) -> fuse_entry_param {
        var entry = fuse_entry_param()
        entry.ino = fuse_ino_t(node.rawValue) + 1
        (entry.attr, entry.attr_timeout) = attributes(of: node)
        entry.entry_timeout = Self.longTimeout
        return entry
    }

    private func fileType(of node: NodeID) -> mode_t {
        switch tree.kind(of: node) {
        case .directory: S_IFDIR
        case .file: S_IFREG
        case .link: S_IFLNK
        }
    }

    /// What `stat` says, and how long the kernel may keep it, in seconds.
    private func attributes(of node: NodeID) -> (stat, Double) {
        let known = tree.attributes(of: node)
        var attributes = stat()
        attributes.st_ino = ino_t(known.inode)
        attributes.st_mode = fileType(of: node) | mode_t(known.permissions)
        attributes.st_nlink = nlink_t(known.linkCount)
        attributes.st_uid = owner.user
        attributes.st_gid = owner.group
        attributes.st_size = off_t(known.size)
        attributes.st_blksize = blksize_t(Self.pageLength)
        let time = timespec(tv_sec: time_t(known.modificationTime), tv_nsec: 0)
        attributes.st_mtim = time
        attributes.st_ctim = time
        attributes.st_atim = time
        guard case .file(let torrent, let file) = tree.kind(of: node) else {
            return (attributes, Self.longTimeout)
        }
        let cached = contents[torrent].cachedBytes(of: file)
        attributes.st_blocks = blkcnt_t((cached + Self.blockLength - 1) / Self.blockLength)
        return (attributes, timeout(of: node, cached: cached, size: known.size))
    }

    private func timeout(of node: NodeID, cached: Int64, size: Int64) -> Double {
        if cached >= size { return Self.longTimeout }
        guard cached == 0, inodes.mode(of: node) == nil else { return Self.blocksTimeout }
        return Self.untouchedTimeout
    }
}
