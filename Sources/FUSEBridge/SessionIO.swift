import CFUSE
import Glibc

/// Our own calls between libfuse and /dev/fuse, for what libfuse does not know of.
enum SessionIO {
    /// Puts them in place; the session must be mounted, and no request read yet.
    static func install(on session: OpaquePointer) {
        var calls = fuse_custom_io()
        calls.read = fuseReceive
        calls.writev = fuseSend
        // It keeps a copy; it fails for want of memory only, and then libfuse does all by itself.
        _ = fuse_session_custom_io(session, &calls, fuse_session_fd(session))
    }
}

/// Reads a request. Like the call below it must leave `errno` as the system call left it.
private func fuseReceive(
    _ device: Int32, _ buffer: UnsafeMutableRawPointer?, _ size: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    let count = read(device, buffer, size)
    guard count >= MemoryLayout<fuse_in_header>.size, let buffer, let context else { return count }
    let header = buffer.assumingMemoryBound(to: fuse_in_header.self)
    if header.pointee.opcode == FUSE_INIT.rawValue {
        Unmanaged<MountedFileSystem>.fromOpaque(context).takeUnretainedValue()
            .passthrough.inspect(UnsafeRawBufferPointer(start: buffer, count: count))
    }
    return count
}

/// Sends an answer: a header, and mostly one part more.
private func fuseSend(
    _ device: Int32, _ parts: UnsafeMutablePointer<iovec>?, _ count: Int32,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    // INIT's answer is looked for by its length first, as most answers have another.
    guard count == 2, let parts, let context,
        parts[1].iov_len == MemoryLayout<swarmfs_init_out>.size,
        let header = parts[0].iov_base?.assumingMemoryBound(to: fuse_out_header.self),
        let payload = parts[1].iov_base
    else { return writev(device, parts, count) }
    var answer = payload.loadUnaligned(as: swarmfs_init_out.self)
    Unmanaged<MountedFileSystem>.fromOpaque(context).takeUnretainedValue()
        .passthrough.amend(&answer, to: header.pointee.unique)
    return withUnsafeMutableBytes(of: &answer) { answer in
        var amended = [parts[0], iovec(iov_base: answer.baseAddress, iov_len: answer.count)]
        return writev(device, &amended, 2)
    }
}
