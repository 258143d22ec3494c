import Glibc
import Reactor
import Synchronization
package import TorrentCore

/// Answers control requests of one mount on a Unix socket (mode 0600, same user or root only).
///
/// One thread serves all clients without blocking on any: each has a deadline for its next
/// request, and a client that does not read its reply in time is dropped.
package final class ControlServer: Sendable {
    /// How long a connection may take for its next complete request and the reply to it.
    package static let connectionTimeout = Interval.seconds(5)
    /// More clients than that wait in the listen queue; a status command needs one connection.
    static let connectionLimit = 16

    /// How long no client is accepted after there was no descriptor to do it with: the one that
    /// waits would wake the thread for ever.
    private static let shortageRest = Interval.milliseconds(200)

    private let pidFile: PidFile
    private let listener: OwnedDescriptor
    private let wakeup: OwnedDescriptor
    private let waker: OwnedDescriptor
    private let control: any SessionControl
    private let timeout: Interval
    private let isStopping = Atomic(false)
    private let thread = Locked<Thread?>(nil)

    /// Claims the canonical mountpoint's socket and starts to answer. Throws `alreadyServed` where
    /// a live process has it; what a dead process left is removed.
    package init(
        directory: RuntimeDirectory, mountpoint: String, control: any SessionControl,
        connectionTimeout: Interval = ControlServer.connectionTimeout
    ) throws(ControlError) {
        self.control = control
        self.timeout = connectionTimeout
        pidFile = try PidFile(claiming: mountpoint, in: directory)
        let listener = try UnixSocket.make()
        UnixSocket.setNonBlocking(listener.rawValue)
        let name = ControlAddress(mountpoint: mountpoint).socketName
        // `bind` takes the mode over: there is no moment in which others could connect.
        _ = fchmod(listener.rawValue, 0o600)
        let bound = UnixSocket.withAddress(name, in: pidFile.directoryDescriptor) {
            bind(listener.rawValue, $0, $1)
        }
        guard bound == 0, listen(listener.rawValue, 16) == 0 else {
            let error = SystemError.last("listen in \(directory.path)")
            pidFile.remove()
            throw .system(error)
        }
        self.listener = listener
        var pair: [Int32] = [-1, -1]
        let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        guard socketpair(AF_UNIX, Int32(kind), 0, &pair) == 0 else {
            let error = SystemError.last("create a socket pair")
            pidFile.remove()
            throw .system(error)
        }
        wakeup = OwnedDescriptor(pair[0])
        waker = OwnedDescriptor(pair[1])
        do throws(SystemError) {
            let thread = try Thread(name: "control") { [weak self] in self?.serve() }
            self.thread.withLock { $0 = thread }
        } catch {
            pidFile.remove()
            throw .system(error)
        }
    }

    /// Ends the thread and takes the socket away; replies under way are cut. Clients that wait for
    /// the end of the process see it when the process ends, or this object goes.
    package func stop() {
        guard !isStopping.exchange(true, ordering: .acquiringAndReleasing) else { return }
        pidFile.remove()
        var byte: UInt8 = 0
        _ = write(waker.rawValue, &byte, 1)
        thread.withLock { $0 }?.join()
    }

    // MARK: - The thread

    private func serve() {
        var connections: [ControlConnection] = []
        var restsUntil: Timestamp?
        while !isStopping.load(ordering: .acquiring) {
            var polled = [pollfd(fd: wakeup.rawValue, events: Int16(POLLIN), revents: 0)]
            let accepts = connections.count < Self.connectionLimit && restsUntil == nil
            polled.append(
                pollfd(fd: accepts ? listener.rawValue : -1, events: Int16(POLLIN), revents: 0))
            for connection in connections {
                polled.append(
                    pollfd(
                        fd: connection.descriptor,
                        events: Int16(connection.isWriting ? POLLOUT : POLLIN), revents: 0))
            }
            let next = (connections.map(\.deadline) + (restsUntil.map { [$0] } ?? [])).min()
            let wait = next.map { max(0, ($0 - .now()).millisecondsRoundedUp) } ?? -1
            _ = poll(&polled, nfds_t(polled.count), Int32(clamping: wait))
            for (connection, state) in zip(connections, polled.dropFirst(2))
            where state.revents != 0 {
                connection.advance { answer($0) }
            }
            let now = Timestamp.now()
            connections.removeAll { $0.isClosed || $0.deadline <= now }
            if let end = restsUntil, end <= now { restsUntil = nil }
            guard polled[1].revents != 0 else { continue }
            switch accept() {
            case .connection(let connection): connections.append(connection)
            case .nobody: break
            case .shortage: restsUntil = now + Self.shortageRest
            }
        }
    }

    private enum Accepted {
        case connection(ControlConnection)
        case nobody
        /// No descriptor or no memory is left.
        case shortage
    }

    private func accept() -> Accepted {
        let number = Glibc.accept(listener.rawValue, nil, nil)
        guard number >= 0 else {
            return [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errno) ? .shortage : .nobody
        }
        let descriptor = OwnedDescriptor(number)
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        UnixSocket.setNonBlocking(number)
        guard UnixSocket.isTrusted(UnixSocket.peerUser(of: number)) else { return .nobody }
        return .connection(ControlConnection(descriptor, timeout: timeout))
    }

    private func answer(_ line: [UInt8]) -> ControlReply {
        do throws(ControlError) {
            switch try ControlRequest(parsing: line.span) {
            case .status: return .status(control.status())
            case .unmount:
                control.requestUnmount()
                return .acknowledged
            case .limit(let change):
                control.limit(change)
                return .acknowledged
            case .start(let task): return .task(try control.start(task))
            case .progress(let task): return try reply(control.progress(of: task), task)
            case .cancel(let task): return try reply(control.cancel(task), task)
            }
        } catch {
            return .failed(error.description)
        }
    }

    private func reply(
        _ status: TaskStatus?, _ task: Int
    ) throws(ControlError) -> ControlReply {
        guard let status else { throw .noTask(task) }
        return .task(status)
    }
}
