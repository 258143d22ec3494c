import Foundation

/// A program started by a test: in its own process group, its output captured line by line, ended
/// by process id.
///
/// One thread starts the program and waits for it, one reads what it prints. The starting thread
/// lives as long as the program does, so that `setpriv --pdeathsig`, which goes by the parent
/// *thread*, ends the program with the test and not before.
package final class ChildProcess: @unchecked Sendable {
    /// How a program ended.
    package enum Ending: Equatable, Sendable {
        case exited(Int32)
        case signalled(Int32)
    }

    /// What a finished program left.
    package struct Result: Sendable {
        /// By itself or by a signal.
        package let ending: Ending
        /// All of standard output.
        package let output: String
        /// All of standard error.
        package let errors: String

        /// The exit code; nil after a signal.
        package var exitCode: Int32? {
            if case .exited(let code) = ending { code } else { nil }
        }
    }

    /// The program's name.
    package let name: String
    /// Its process id, and its group's.
    package private(set) var pid: Int32 = 0

    // Safe: `state` guards everything below; `pid` is written before `init` returns, never after.
    private let state = NSCondition()
    private var ending: Ending?
    private var started = false
    private var startError: Int32 = 0
    private var captured: [[UInt8]] = [[], []]
    private var openStreams = 2
    private var readers: [Int32] = [-1, -1]
    private var input: Int32 = -1

    /// Starts `arguments[0]`, found along PATH.
    ///
    /// - Parameters:
    ///   - environment: variables set beside, or instead of, the test's own.
    ///   - endsWithTest: the kernel kills the program when the test's process dies. Off for a
    ///     program that is asked to put itself into the background.
    package init(
        _ arguments: [String], environment: [String: String] = [:], folder: String? = nil,
        endsWithTest: Bool = true
    ) throws {
        name = (arguments[0] as NSString).lastPathComponent
        var command = arguments
        if endsWithTest { command = ["setpriv", "--pdeathsig", "KILL", "--"] + command }
        if let folder { command = ["env", "-C", folder, "--"] + command }

        let pipes = try (0..<3).map { _ in try Self.makePipe() }
        input = pipes[0][1]
        readers = [pipes[1][0], pipes[2][0]]
        for reader in readers { _ = fcntl(reader, F_SETFL, O_NONBLOCK) }
        let inherited = [pipes[0][0], pipes[1][1], pipes[2][1]]

        var variables = ProcessInfo.processInfo.environment
        variables.merge(environment) { $1 }
        let line = command
        let settings = variables.map { "\($0)=\($1)" }
        Thread { self.live(line, settings, inherited) }.start()
        Thread { self.readOutput() }.start()

        state.lock()
        while !started { state.wait() }
        let failure = startError
        state.unlock()
        if failure != 0 { throw RealClientError("cannot start \(name): errno \(failure)") }
    }

    deinit {
        close(input)
    }

    // MARK: - Waiting

    /// Waits for the end. Past the deadline the whole process group is killed and this throws.
    @discardableResult
    package func wait(seconds: Double = Deadline.generous) throws -> Result {
        let deadline = Deadline(seconds: seconds)
        state.lock()
        while ending == nil, !deadline.hasPassed { _ = state.wait(until: deadline.date) }
        let ending = ending
        state.unlock()
        guard let ending else {
            signalGroup(SIGKILL)
            throw RealClientError("\(name) did not end in \(seconds) s; it said:\n\(transcript)")
        }
        return Result(ending: ending, output: output, errors: errors)
    }

    /// Waits until `find` makes something of the text printed so far, on either stream, and
    /// returns it. Throws when the program ends first or the deadline passes.
    package func wait<Found>(
        for what: String, seconds: Double = Deadline.generous, find: (String) throws -> Found?
    ) throws -> Found {
        let deadline = Deadline(seconds: seconds)
        while true {
            state.lock()
            let seen = (captured[0].count, captured[1].count)
            let ended = ending != nil
            state.unlock()
            if let found = try find(transcript) { return found }
            if ended || deadline.hasPassed {
                let how = ended ? "ended without" : "took too long for"
                throw RealClientError("\(name) \(how) \(what); it said:\n\(transcript)")
            }
            state.lock()
            while captured[0].count == seen.0, captured[1].count == seen.1, ending == nil,
                !deadline.hasPassed
            {
                _ = state.wait(until: deadline.date)
            }
            state.unlock()
        }
    }

    /// Waits for a line that contains `text` and returns it.
    @discardableResult
    package func waitForLine(
        containing text: String, seconds: Double = Deadline.generous
    ) throws -> String {
        try wait(for: "a line with \"\(text)\"", seconds: seconds) { transcript in
            transcript.split(separator: "\n").first { $0.contains(text) }.map(String.init)
        }
    }

    /// Whether it has ended.
    package var hasEnded: Bool { state.withLock { ending != nil } }

    // MARK: - Output

    /// Standard output so far.
    package var output: String { text(0) }
    /// Standard error so far.
    package var errors: String { text(1) }

    /// Both streams, standard output first.
    package var transcript: String { output + errors }

    /// Whether both output streams are closed on the other side, as they are once neither the
    /// program nor anything it left behind holds them.
    package func waitForClosedOutput(seconds: Double = Deadline.generous) -> Bool {
        let deadline = Deadline(seconds: seconds)
        return state.withLock {
            while openStreams > 0, !deadline.hasPassed { _ = state.wait(until: deadline.date) }
            return openStreams == 0
        }
    }

    private func text(_ stream: Int) -> String {
        // What it has printed counts, whether or not the reading thread has had its turn.
        let bytes = state.withLock {
            drain(stream)
            return captured[stream]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: - Ending

    /// Signals the program alone, unless it is known to have ended.
    package func signal(_ number: Int32) {
        state.withLock { if ending == nil { _ = kill(pid, number) } }
    }

    /// Signals the program and what it started.
    package func signalGroup(_ number: Int32) {
        state.withLock { if ending == nil { _ = kill(-pid, number) } }
    }

    /// Asks it to end, and after `grace` seconds makes it.
    package func terminate(grace: Double = 5) {
        signalGroup(SIGTERM)
        let deadline = Deadline(seconds: grace)
        state.withLock {
            while ending == nil, !deadline.hasPassed { _ = state.wait(until: deadline.date) }
        }
        signalGroup(SIGKILL)
        _ = try? wait(seconds: 5)
    }

    // MARK: - Threads

    /// Held while a pipe is made and while a program is started: a pipe's end that slipped into
    /// another program between the two calls would never be seen to close.
    private static let starting = NSLock()

    private static func makePipe() throws -> [Int32] {
        try starting.withLock {
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else { throw RealClientError("pipe: errno \(errno)") }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            return ends
        }
    }

    private func live(_ command: [String], _ settings: [String], _ inherited: [Int32]) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        for (target, source) in inherited.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, source, Int32(target))
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        // A test runner may ignore signals that the program under test must receive.
        var defaults = sigset_t()
        sigfillset(&defaults)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] = settings.map { strdup($0) } + [nil]
        var child: Int32 = 0
        let failure = Self.starting.withLock {
            posix_spawnp(&child, command[0], &actions, &attributes, &arguments, &environment)
        }
        for pointer in arguments + environment { free(pointer) }
        posix_spawnattr_destroy(&attributes)
        posix_spawn_file_actions_destroy(&actions)
        for descriptor in inherited { close(descriptor) }

        state.lock()
        pid = child
        startError = failure
        started = true
        state.broadcast()
        state.unlock()
        guard failure == 0 else { return }

        // The pid stays reserved until the lock is held: nobody signals a stranger.
        var information = siginfo_t()
        while waitid(P_PID, id_t(child), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        state.lock()
        for stream in 0..<2 { drain(stream) }
        var status: Int32 = 0
        waitpid(child, &status, 0)
        let number = status & 0x7F
        ending = number == 0 ? .exited((status >> 8) & 0xFF) : .signalled(number)
        state.broadcast()
        state.unlock()
    }

    private func readOutput() {
        while true {
            state.lock()
            var polled: [pollfd] = readers.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            state.unlock()
            if polled.allSatisfy({ $0.fd < 0 }) { return }
            poll(&polled, nfds_t(polled.count), -1)
            state.lock()
            for stream in 0..<2 where polled[stream].revents != 0 { drain(stream) }
            state.broadcast()
            state.unlock()
        }
    }

    /// Takes what a stream holds now. The lock is held.
    private func drain(_ stream: Int) {
        guard readers[stream] >= 0 else { return }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(readers[stream], &buffer, buffer.count)
            if count > 0 {
                captured[stream].append(contentsOf: buffer[..<count])
            } else if count == 0 {
                close(readers[stream])
                readers[stream] = -1
                openStreams -= 1
                return
            } else if errno != EINTR {
                return
            }
        }
    }
}
