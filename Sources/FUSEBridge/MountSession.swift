import CFUSE
import CLinux
import Glibc
import Reactor
import TorrentCore

/// A session of libfuse that is mounted.
///
/// Safe to send: libfuse guards the session itself; it is freed once, by `destroy`, which only the
/// supervisor calls, after all other users have gone.
struct MountSession: @unchecked Sendable {
    let raw: OpaquePointer
    /// /dev/fuse, opened by libfuse.
    let descriptor: Int32
    /// Absolute, without links.
    let mountpoint: String
    /// `major:minor`; nil where the mount table does not show the mount.
    let device: String?

    /// Mounts, but answers nothing yet.
    static func mount(
        at mountpoint: String, _ options: MountOptions, context: UnsafeMutableRawPointer
    ) throws(MountError) -> MountSession {
        FUSELog.takeOver()
        var flags = "ro,nodev,nosuid,noatime,default_permissions,fsname=swarmfs,subtype=swarmfs"
        if options.allowsOtherUsers { flags += ",allow_other" }
        let words: [UnsafeMutablePointer<CChar>?] = (["swarmfs", "-o", flags] as [String]).map {
            strdup($0)
        }
        defer { words.forEach { free($0) } }
        var pointers: [UnsafeMutablePointer<CChar>?] = words + [nil]
        let raw = pointers.withUnsafeMutableBufferPointer { pointers in
            var arguments = fuse_args(
                argc: Int32(words.count), argv: pointers.baseAddress, allocated: 0)
            defer { fuse_opt_free_args(&arguments) }
            var operations = MountedFileSystem.operations
            return fuse_session_new(
                &arguments, &operations, MemoryLayout<fuse_lowlevel_ops>.size, context)
        }
        guard let raw else { throw .refused(FUSELog.last.withLock { $0 } ?? "no session") }
        guard fuse_session_mount(raw, mountpoint) == 0 else {
            let code = errno
            let words = FUSELog.last.withLock { $0 } ?? ""
            fuse_session_destroy(raw)
            switch code {
            case EPERM, EACCES: throw .notPermitted(mountpoint)
            case _ where geteuid() != 0: throw .notPermitted(mountpoint)
            case _ where !words.isEmpty: throw .refused(words)
            default: throw .system(SystemError(code, "mount \(mountpoint)"))
            }
        }
        if options.allowsPassthrough { SessionIO.install(on: raw) }
        let descriptor = fuse_session_fd(raw)
        // So that a thread with nothing to do sleeps where it can be woken.
        let status = fcntl(descriptor, F_GETFL)
        _ = fcntl(descriptor, F_SETFL, status | O_NONBLOCK)
        let entry = MountTable.current().top(at: mountpoint)
        return MountSession(
            raw: raw, descriptor: descriptor, mountpoint: mountpoint,
            device: entry?.type == MountTable.ownType ? entry?.device : nil)
    }

    /// Answers requests until the session ends or `stop` becomes readable. `polling` is what all
    /// threads of the session share.
    func work(until stop: Int32, _ polling: BusyPolling) {
        guard let epoll = try? OwnedDescriptor(epoll_create1(Int32(EPOLL_CLOEXEC)), "epoll_create1")
        else { return }
        // Exclusive: a request wakes one thread, not all.
        var event = swarmfs_epoll_event(EPOLLIN.rawValue | EPOLLEXCLUSIVE.rawValue, 0)
        guard epoll_ctl(epoll.rawValue, EPOLL_CTL_ADD, descriptor, &event) == 0 else { return }
        event = swarmfs_epoll_event(EPOLLIN.rawValue, 1)
        guard epoll_ctl(epoll.rawValue, EPOLL_CTL_ADD, stop, &event) == 0 else { return }

        var buffer = fuse_buf()
        defer { free(buffer.mem) }
        /// Until when to look for another request before sleeping.
        var end: Timestamp?
        defer { if end != nil { polling.end() } }
        while fuse_session_exited(raw) == 0 {
            let result = fuse_session_receive_buf(raw, &buffer)
            if result > 0 {
                if end != nil { polling.end() }
                let start = Timestamp.now()
                fuse_session_process_buf(raw, &buffer)
                end = polling.begin(after: start, .now())
            } else if result == -EAGAIN {
                if let time = end, .now() < time {
                    sched_yield()
                    continue
                }
                if end != nil { polling.end() }
                end = nil
                epoll_wait(epoll.rawValue, &event, 1, -1)
            } else if result != -EINTR {
                // Zero: unmounted. Otherwise the connection was cut.
                return
            }
        }
    }

    /// Makes `work` return once it looks.
    func exit() { fuse_session_exit(raw) }

    /// Cuts the connection and takes the mount away if it is still there. Requests that nobody
    /// answered fail. No thread may be in `work`; one that answers late is not heard.
    func unmount() {
        // The number stays taken, so that a late answer cannot reach another file.
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        if null >= 0 {
            dup2(null, descriptor)
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            close(null)
        }
        let top = MountTable.current().top(at: mountpoint)
        guard let device, let top, top.device == device, top.type == MountTable.ownType else {
            return
        }
        if !StaleMount.unmountLazily(mountpoint) {
            Log.warning("\(mountpoint) could not be unmounted: run umount -l \(mountpoint)")
        }
    }

    /// Frees the session; no thread may use it any more.
    func destroy() { fuse_session_destroy(raw) }
}
