import CFUSE
import Glibc

// The callbacks of libfuse: free functions, as C calls them on its own threads. Each finds the file
// system through the request and hands over; nothing is decided here.

extension MountedFileSystem {
    /// The table that libfuse calls by. What is left out libfuse or the kernel answers itself:
    /// forget (nodes are never freed), access (`default_permissions`), flush, locks, lseek.
    static var operations: fuse_lowlevel_ops {
        var operations = fuse_lowlevel_ops()
        operations.`init` = fuseInit
        operations.lookup = fuseLookup
        operations.getattr = fuseGetAttributes
        operations.readlink = fuseReadLink
        operations.open = fuseOpen
        operations.read = fuseRead
        operations.release = fuseRelease
        operations.opendir = fuseOpenDirectory
        operations.readdir = fuseReadDirectory
        operations.readdirplus = fuseReadDirectoryPlus
        operations.statfs = fuseStatistics
        operations.getxattr = fuseGetExtendedAttribute
        operations.listxattr = fuseListExtendedAttributes

        operations.setattr = { request, _, _, _, _ in fuseRefuse(request) }
        operations.mknod = { request, _, _, _, _ in fuseRefuse(request) }
        operations.mkdir = { request, _, _, _ in fuseRefuse(request) }
        operations.unlink = { request, _, _ in fuseRefuse(request) }
        operations.rmdir = { request, _, _ in fuseRefuse(request) }
        operations.symlink = { request, _, _, _ in fuseRefuse(request) }
        operations.rename = { request, _, _, _, _, _ in fuseRefuse(request) }
        operations.link = { request, _, _, _ in fuseRefuse(request) }
        operations.write = { request, _, _, _, _, _ in fuseRefuse(request) }
        operations.create = { request, _, _, _, _ in fuseRefuse(request) }
        operations.setxattr = { request, _, _, _, _, _ in fuseRefuse(request) }
        operations.removexattr = { request, _, _ in fuseRefuse(request) }
        operations.fallocate = { request, _, _, _, _, _ in fuseRefuse(request) }
        return operations
    }

    /// The file system that a request is for.
    static func of(_ request: fuse_req_t) -> MountedFileSystem? {
        fuse_req_userdata(request).map {
            Unmanaged<MountedFileSystem>.fromOpaque($0).takeUnretainedValue()
        }
    }
}

private func fuseRefuse(_ request: fuse_req_t?) { fuse_reply_err(request, EROFS) }

private func fuseInit(
    _ context: UnsafeMutableRawPointer?, _ connection: UnsafeMutablePointer<fuse_conn_info>?
) {
    guard let context, let connection else { return }
    Unmanaged<MountedFileSystem>.fromOpaque(context).takeUnretainedValue()
        .negotiate(&connection.pointee)
}

private func fuseLookup(
    _ request: fuse_req_t?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?
) {
    guard let request, let name else { return }
    MountedFileSystem.of(request)?.lookup(request, parent, name)
}

private func fuseGetAttributes(
    _ request: fuse_req_t?, _ inode: fuse_ino_t, _: UnsafeMutablePointer<fuse_file_info>?
) {
    guard let request else { return }
    MountedFileSystem.of(request)?.getAttributes(request, inode)
}

private func fuseReadLink(_ request: fuse_req_t?, _ inode: fuse_ino_t) {
    guard let request else { return }
    MountedFileSystem.of(request)?.readLink(request, inode)
}

private func fuseOpen(
    _ request: fuse_req_t?, _ inode: fuse_ino_t, _ file: UnsafeMutablePointer<fuse_file_info>?
) {
    guard let request, let file else { return }
    MountedFileSystem.of(request)?.open(request, inode, &file.pointee)
}

private func fuseRead(
    _ request: fuse_req_t?, _ inode: fuse_ino_t, _ size: Int, _ offset: off_t,
    _ file: UnsafeMutablePointer<fuse_file_info>?
) {
    guard let request, let file else { return }
    MountedFileSystem.of(request)?
        .read(
            request, inode, size: size, offset: Int64(offset),
            handle: FileHandle(rawValue: file.pointee.fh), flags: file.pointee.flags)
}

private func fuseRelease(
    _ request: fuse_req_t?, _ inode: fuse_ino_t, _ file: UnsafeMutablePointer<fuse_file_info>?
) {
    guard let request else { return }
    MountedFileSystem.of(request)?.release(request, inode)
}

private func fuseOpenDirectory(
    _ request: fuse_req_t?, _ inode: fuse_ino_t, _ file: UnsafeMutablePointer<fuse_file_info>?
) {
    guard let request, let file else { return }
    MountedFileSystem.of(request)?.openDirectory(request, inode, &file.pointee)
}

private func fuseReadDirectory(
    _ request: fuse_req_t?, _ inode: fuse_ino_t, _ size: Int, _ offset: off_t,
    _: UnsafeMutablePointer<fuse_file_info>?
) {
    guard let request else { return }
    MountedFileSystem.of(request)?
        .readDirectory(request, inode, size: size, cursor: Int(offset), withAttributes: false)
}

private func fuseReadDirectoryPlus(
    _ request: fuse_req_t?, _ inode: fuse_ino_t, _ size: Int, _ offset: off_t,
    _: UnsafeMutablePointer<fuse_file_info>?
) {
    guard let request else { return }
    MountedFileSystem.of(request)?
        .readDirectory(request, inode, size: size, cursor: Int(offset), withAttributes: true)
}

private func fuseStatistics(_ request: fuse_req_t?, _: fuse_ino_t) {
    guard let request else { return }
    MountedFileSystem.of(request)?.statistics(request)
}

private func fuseGetExtendedAttribute(
    _ request: fuse_req_t?, _ inode: fuse_ino_t, _ name: UnsafePointer<CChar>?, _ size: Int
) {
    guard let request, let name else { return }
    MountedFileSystem.of(request)?.getExtendedAttribute(request, inode, name, size: size)
}

private func fuseListExtendedAttributes(
    _ request: fuse_req_t?, _ inode: fuse_ino_t, _ size: Int
) {
    guard let request else { return }
    MountedFileSystem.of(request)?.listExtendedAttributes(request, inode, size: size)
}

/// The kernel says that a reader has a signal; `key` names the read in `WaitingReads`. libfuse
/// holds the request's lock here, so the answer is left to the supervisor.
func fuseInterrupted(_ request: fuse_req_t?, _ key: UnsafeMutableRawPointer?) {
    guard let request, let key else { return }
    MountedFileSystem.of(request)?.interrupted(UInt64(UInt(bitPattern: key)))
}
