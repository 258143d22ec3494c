import Glibc
import Reactor
package import TorrentCore

/// Asks mount processes of this user, through their control sockets.
package struct ControlClient: Sendable {
    /// How long an answer may take: a process that hashes on all cores still answers in this time.
    package static let standardTimeout = Interval.seconds(5)

    private let directory: RuntimeDirectory
    private let timeout: Interval

    /// A client of the processes whose sockets are in `directory`.
    package init(
        directory: RuntimeDirectory = .current, timeout: Interval = ControlClient.standardTimeout
    ) {
        self.directory = directory
        self.timeout = timeout
    }

    /// The state of the mount at a canonical mountpoint.
    package func status(of mountpoint: String) throws(ControlError) -> MountStatus {
        let (status, _) = try exchange(.status, mountpoint)
        guard case .status(let status) = status else { throw .malformedReply }
        return status
    }

    /// Asks the process at a canonical mountpoint to shut down; returns when it has agreed.
    package func unmount(_ mountpoint: String) throws(ControlError) -> EndingProcess {
        let (reply, process) = try exchange(.unmount, mountpoint)
        guard reply == .acknowledged else { throw .malformedReply }
        return process
    }

    /// Changes how fast the mount at a canonical mountpoint may be.
    package func limit(_ change: LimitChange, at mountpoint: String) throws(ControlError) {
        let (reply, _) = try exchange(.limit(change), mountpoint)
        guard reply == .acknowledged else { throw .malformedReply }
    }

    /// Has the process at a canonical mountpoint begin a task. What it cannot do it says in one
    /// line, thrown as `refused`.
    package func start(
        _ task: ControlTask, at mountpoint: String
    ) throws(ControlError) -> TaskStatus {
        try taskStatus(.start(task), mountpoint)
    }

    /// How far a task of that process is. To be asked every few seconds at least: a task that
    /// nobody asks for is cancelled.
    package func progress(
        of task: Int, at mountpoint: String
    ) throws(ControlError) -> TaskStatus {
        try taskStatus(.progress(task: task), mountpoint)
    }

    /// Ends a task of that process.
    @discardableResult
    package func cancel(_ task: Int, at mountpoint: String) throws(ControlError) -> TaskStatus {
        try taskStatus(.cancel(task: task), mountpoint)
    }

    private func taskStatus(
        _ request: ControlRequest, _ mountpoint: String
    ) throws(ControlError) -> TaskStatus {
        let (reply, _) = try exchange(request, mountpoint)
        guard case .task(let status) = reply else { throw .malformedReply }
        return status
    }

    /// Every live mount, by mountpoint. What dead processes left is removed on the way.
    package func mounts() throws(ControlError) -> [ListedMount] {
        guard let open = try directory.open(create: false) else { return [] }
        var listed: [ListedMount] = []
        for address in Self.addresses(in: open) {
            guard let file = PidFile.openLive(address, in: open) else { continue }
            defer { close(file.lock) }
            do throws(ControlError) {
                listed.append(.answering(try status(of: file.mountpoint)))
            } catch .notMounted {
                continue
            } catch {
                listed.append(
                    .silent(
                        mountpoint: file.mountpoint, pid: file.pid, reason: error.description))
            }
        }
        return listed.sorted { $0.mountpoint < $1.mountpoint }
    }

    private static func addresses(in directory: borrowing OwnedDescriptor) -> [ControlAddress] {
        guard
            let stream = fdopendir(
                fcntl(directory.rawValue, F_DUPFD_CLOEXEC, 0))
        else { return [] }
        defer { closedir(stream) }
        rewinddir(stream)
        var addresses: [ControlAddress] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let address = ControlAddress(pidFileName: name) { addresses.append(address) }
        }
        return addresses
    }

    // MARK: - One request

    private func exchange(
        _ request: ControlRequest, _ mountpoint: String
    ) throws(ControlError) -> (ControlReply, EndingProcess) {
        guard let open = try directory.open(create: false),
            let file = PidFile.openLive(ControlAddress(mountpoint: mountpoint), in: open)
        else { throw .notMounted(mountpoint) }
        let process = EndingProcess(pid: file.pid, lock: file.lock)
        let socket = try connect(mountpoint, in: open.rawValue)
        let deadline = Timestamp.now() + timeout
        try send(request.encoded + [UInt8(ascii: "\n")], to: socket.rawValue, deadline)
        guard let line = try receiveLine(from: socket.rawValue, deadline) else {
            // The process is ending already, for another reason: what was asked for happens.
            if request == .unmount { return (.acknowledged, process) }
            throw .notMounted(mountpoint)
        }
        let reply = try ControlReply(parsing: line)
        if case .failed(let reason) = reply { throw .refused(reason) }
        return (reply, process)
    }

    private func connect(
        _ mountpoint: String, in directory: Int32
    ) throws(ControlError) -> OwnedDescriptor {
        let socket = try UnixSocket.make()
        UnixSocket.setNonBlocking(socket.rawValue)
        let name = ControlAddress(mountpoint: mountpoint).socketName
        let result = UnixSocket.withAddress(name, in: directory) {
            Glibc.connect(socket.rawValue, $0, $1)
        }
        if result != 0 {
            switch errno {
            // The process is on its way in or out.
            case ENOENT, ECONNREFUSED: throw .notMounted(mountpoint)
            // A full listen queue: clients wait for a process that does not accept.
            case EAGAIN: throw .timedOut
            default: throw .system(.last("connect to the control socket"))
            }
        }
        guard UnixSocket.isTrusted(UnixSocket.peerUser(of: socket.rawValue)) else {
            throw .untrustedPeer
        }
        return socket
    }

    private func send(
        _ bytes: [UInt8], to descriptor: Int32, _ deadline: Timestamp
    ) throws(ControlError) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.send(
                    descriptor, buffer.baseAddress.map { $0 + sent }, buffer.count - sent,
                    Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                sent += count
            } else if errno == EAGAIN || errno == EINTR {
                try wait(descriptor, Int16(POLLOUT), deadline)
            } else {
                throw .system(.last("send a control request"))
            }
        }
    }

    /// A reply without its newline; nil where the process has hung up instead.
    private func receiveLine(
        from descriptor: Int32, _ deadline: Timestamp
    ) throws(ControlError) -> [UInt8]? {
        var line: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 * 1024)
        while line.count <= ControlReply.maximumLength {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count > 0 {
                if let end = chunk[..<count].firstIndex(of: UInt8(ascii: "\n")) {
                    return line + chunk[..<end]
                }
                line += chunk[..<count]
            } else if count == 0 || errno == ECONNRESET {
                return nil
            } else if errno == EAGAIN || errno == EINTR {
                try wait(descriptor, Int16(POLLIN), deadline)
            } else {
                throw .system(.last("read a control reply"))
            }
        }
        throw .malformedReply
    }

    private func wait(
        _ descriptor: Int32, _ events: Int16, _ deadline: Timestamp
    ) throws(ControlError) {
        let left = (deadline - .now()).millisecondsRoundedUp
        guard left > 0 else { throw .timedOut }
        var polled = pollfd(fd: descriptor, events: events, revents: 0)
        _ = poll(&polled, 1, Int32(clamping: left))
    }
}
