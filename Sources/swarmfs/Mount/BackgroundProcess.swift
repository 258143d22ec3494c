import CLinux
import Glibc
import Reactor
import TorrentCore

/// This program, started once more to serve a mount in the background.
final class BackgroundProcess {
    /// How the wait for the mount ended.
    enum End {
        case ready(String)
        case failed(ExitCode, String)
        /// The process is gone without a word; the text says how.
        case ended(String)
        /// A signal came to this process.
        case interrupted
    }

    /// The number of the pipe in the child: the first after the standard streams.
    private static let readinessDescriptor: Int32 = 3
    /// No line of the child's is longer; a longer one is cut.
    private static let lineLimit = 64 * 1024

    private let pid: pid_t
    private let pipe: OwnedDescriptor

    /// Starts the program again with the same arguments and the pipe; its output goes to `log`.
    init(log: borrowing OwnedDescriptor) throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw .last("create a pipe") }
        pipe = OwnedDescriptor(ends[0])
        let writing = OwnedDescriptor(ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let arguments = CommandLine.arguments
        let number = Self.readinessDescriptor
        pid = try ChildProcess.spawn(
            "/proc/self/exe",
            arguments.prefix(2) + ["--\(MountCommand.readinessOption)=\(number)"]
                + arguments.dropFirst(2),
            descriptors: [
                STDOUT_FILENO: log.rawValue, STDERR_FILENO: log.rawValue,
                number: writing.rawValue,
            ])
    }

    /// Reads what the process reports until it is ready, fails or ends, or a signal comes here.
    func follow(
        _ signals: SignalSource, note: (String) -> Void, progress: (String) -> Void
    ) -> End {
        var buffer: [UInt8] = []
        while true {
            var polled = [
                pollfd(fd: pipe.rawValue, events: Int16(POLLIN), revents: 0),
                pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            _ = poll(&polled, 2, -1)
            if signals.take() != nil { return .interrupted }
            guard polled[0].revents != 0 else { continue }
            var chunk = [UInt8](repeating: 0, count: 4096)
            let count = read(pipe.rawValue, &chunk, chunk.count)
            guard count > 0 else { return .ended(Self.describe(ChildProcess.wait(pid))) }
            buffer += chunk[..<count]
            while let newline = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: buffer[..<newline], as: UTF8.self)
                buffer.removeSubrange(...newline)
                switch ReadinessMessage(line: line) {
                case .progress(let text): progress(text)
                case .note(let text): note(text)
                case .ready(let text): return .ready(text)
                case .failed(let code, let text): return .failed(code, text)
                case nil: continue
                }
            }
            if buffer.count > Self.lineLimit { buffer = [] }
        }
    }

    /// Ends the process as `kill` does, and by force where it does not end in time.
    func terminate(_ patience: Interval) {
        kill(pid, SIGTERM)
        waitForEnd(patience)
    }

    /// Waits until the process is gone, so that nothing of it is left behind; kills it after
    /// `patience`.
    func waitForEnd(_ patience: Interval) {
        let deadline = Timestamp.now() + patience
        var status: Int32 = 0
        while waitpid(pid, &status, WNOHANG) == 0 {
            if Timestamp.now() > deadline { kill(pid, SIGKILL) }
            usleep(5_000)
        }
    }

    private static func describe(_ status: Int32) -> String {
        let signal = status & 0x7f
        return signal == 0 ? "exit code \(status >> 8 & 0xff)" : "signal \(signal)"
    }

    // MARK: - In the background process

    /// Becomes the background process: a session of its own, no terminal, working directory `/`.
    /// Serves the mount, then ends the process.
    static func enter(_ options: MountOptions, reportingTo descriptor: Int32) -> Never {
        setsid()
        // `/proc/self/exe`, by which it was started, would be the name in `ps` and `pgrep`.
        swarmfs_set_thread_name("swarmfs")
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        Log.configure(level: options.logLevel)
        let reporter = PipeReporter(descriptor)
        do throws(Failure) {
            let mountpoint = try Mountpoint(options.mountpoint)
            _ = chdir("/")
            try MountProcess(options, mountpoint, reporter).run()
        } catch {
            Log.error(error.message)
            reporter.failed(error)
            exit(error.code.rawValue)
        }
        exit(ExitCode.done.rawValue)
    }
}
