import ControlAPI
import ControlTesting
import Foundation
import Reactor
import Testing
import TorrentCore

@Suite("Control socket", .timeLimit(.minutes(10)))
struct ControlServerTests {
    private let directory: TemporaryDirectory
    private let mount = FakeMount(.sample())
    private let mountpoint = "/mnt/data"

    init() throws { directory = try TemporaryDirectory() }

    private var client: ControlClient {
        ControlClient(directory: directory.runtime, timeout: .seconds(120))
    }

    /// Asks again where the server dropped us, as it drops whoever is slow: on a loaded machine
    /// that may be an honest client, too.
    private func persistentStatus() throws -> MountStatus {
        let deadline = Timestamp.now() + .seconds(120)
        while true {
            do {
                return try client.status(of: mountpoint)
            } catch {
                if Timestamp.now() > deadline { throw error }
            }
        }
    }

    private func serve(timeout: Interval = .seconds(30)) throws -> ControlServer {
        try ControlServer(
            directory: directory.runtime, mountpoint: mountpoint, control: mount,
            connectionTimeout: timeout)
    }

    @Test func `status answers with the state of the process`() throws {
        let server = try serve()
        defer { server.stop() }
        #expect(try client.status(of: mountpoint) == mount.answer)
        #expect(try client.mounts() == [.answering(mount.answer)])
    }

    @Test func `unmount is acknowledged, and begins the shutdown`() throws {
        let server = try serve()
        defer { server.stop() }
        _ = try client.unmount(mountpoint)
        #expect(
            mount.unmountRequests.wait(until: .now() + .seconds(120)) { $0 == 1 ? true : nil }
                == true
        )
    }

    @Test func `an unmount whose client hangs up at once begins all the same`() throws {
        let server = try serve()
        defer { server.stop() }
        for request in 1...20 {
            try RawClient(directory.runtime, mountpoint).send("{\"request\":\"unmount\"}\n")
            #expect(
                mount.unmountRequests.wait(until: .now() + .seconds(120)) {
                    $0 == request ? true : nil
                } == true)
        }
        #expect(try client.status(of: mountpoint) == mount.answer)
    }

    /// In a process of its own, whose descriptors it may use up.
    @Test func `without descriptors the server rests, and goes on when there are some`() async {
        await #expect(processExitsWith: .success) {
            let directory = try TemporaryDirectory()
            let mount = FakeMount(.sample())
            let server = try ControlServer(
                directory: directory.runtime, mountpoint: "/m", control: mount)
            let client = try RawClient(directory.runtime, "/m", connects: false)
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            let usual = limit.rlim_cur
            limit.rlim_cur = 64
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            while dup(STDERR_FILENO) >= 0 {}
            try client.connect()
            client.send("{\"request\":\"status\"}\n")
            let before = clock()
            usleep(1_000_000)
            // A thread that spins takes all of that second where the machine is idle.
            #expect(Double(clock() - before) / Double(CLOCKS_PER_SEC) < 0.3)
            limit.rlim_cur = usual
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            #expect(client.line()?.hasPrefix("{\"cache\":") == true)
            server.stop()
        }
    }

    @Test func `who asked for the unmount sees the end of the process`() throws {
        var server: ControlServer? = try serve()
        let process = try client.unmount(mountpoint)
        #expect(process.pid == getpid())
        #expect(!process.waitUntilGone(.milliseconds(30)))
        server?.stop()
        #expect(!process.waitUntilGone(.milliseconds(30)))
        server = nil
        #expect(process.waitUntilGone(.seconds(120)))
    }

    @Test func `only the user can reach the socket`() throws {
        let server = try serve()
        defer { server.stop() }
        let name = ControlAddress(mountpoint: mountpoint).socketName
        #expect(try directory.mode(of: "run") == 0o700)
        #expect(try directory.mode(of: "run/" + name) == 0o600)
    }

    @Test func `stopping takes the socket and the pid file away`() throws {
        let server = try serve()
        #expect(try directory.names(in: "run").count == 2)
        server.stop()
        server.stop()
        #expect(try directory.names(in: "run").isEmpty)
        #expect(throws: ControlError.notMounted(mountpoint)) { try client.status(of: mountpoint) }
    }

    @Test func `bad requests get an error, and the connection goes on`() throws {
        let server = try serve()
        defer { server.stop() }
        let raw = try RawClient(directory.runtime, mountpoint)
        raw.send("nonsense\n{\"request\":\"explode\"}\n{\"request\":\"sta")
        #expect(raw.line()?.contains("malformed") == true)
        #expect(raw.line()?.contains("unknown request") == true)
        raw.send("tus\"}\n")
        #expect(raw.line()?.hasPrefix("{\"cache\":") == true)
    }

    @Test func `a request above the limit ends the connection`() throws {
        let server = try serve()
        defer { server.stop() }
        let raw = try RawClient(directory.runtime, mountpoint)
        raw.send([UInt8](repeating: UInt8(ascii: "x"), count: ControlRequest.maximumLength + 4096))
        #expect(raw.line()?.contains("longer than \(ControlRequest.maximumLength) bytes") == true)
        #expect(raw.line() == nil)
    }

    @Test func `a client that says nothing keeps nobody waiting, and is dropped`() throws {
        let server = try serve(timeout: .milliseconds(200))
        defer { server.stop() }
        let silent = try RawClient(directory.runtime, mountpoint)
        silent.send("{")
        #expect(try persistentStatus() == mount.answer)
        #expect(silent.line() == nil)
    }

    @Test func `as many stuck clients as there are places are dropped in time`() throws {
        let server = try serve(timeout: .milliseconds(200))
        defer { server.stop() }
        let stuck = try (0..<20).map { _ in try RawClient(directory.runtime, mountpoint) }
        #expect(try persistentStatus() == mount.answer)
        withExtendedLifetime(stuck) {}
    }

    @Test func `a client gives up on a process that does not answer`() throws {
        let server = try serve()
        mount.isStuck.update { $0 = true }
        let impatient = ControlClient(
            directory: directory.runtime, timeout: .milliseconds(100))
        #expect(throws: ControlError.timedOut) { try impatient.status(of: mountpoint) }
        #expect(
            try impatient.mounts() == [
                .silent(
                    mountpoint: mountpoint, pid: getpid(),
                    reason: ControlError.timedOut.description)
            ])
        mount.isStuck.update { $0 = false }
        server.stop()
    }

    @Test func `a task is begun, followed and cancelled`() throws {
        let server = try serve()
        defer { server.stop() }
        let names = (0..<20_000).map { "a long name of a file in a dataset/\($0)" }
        let task = ControlTask.prefetch(paths: names, range: nil)
        #expect(try client.start(task, at: mountpoint) == TaskStatus(task: 7))
        #expect(mount.tasks.wait { $0 } == [task])
        #expect(try client.progress(of: 7, at: mountpoint).done == 5)
        #expect(try client.cancel(7, at: mountpoint).failure == "cancelled")
        #expect(throws: ControlError.refused("there is no task 8")) {
            try client.progress(of: 8, at: mountpoint)
        }
        #expect(throws: ControlError.refused("nothing of the kind is mounted")) {
            try client.start(.verify(torrent: "no such", repair: false), at: mountpoint)
        }
    }

    @Test func `a second process for the mountpoint is refused`() throws {
        let server = try serve()
        defer { server.stop() }
        #expect(throws: ControlError.alreadyServed(mountpoint: mountpoint, pid: getpid())) {
            try serve()
        }
        #expect(try client.status(of: mountpoint) == mount.answer)
    }

    @Test func `what a dead process left is replaced`() throws {
        try leaveStaleFiles()
        let server = try serve()
        defer { server.stop() }
        #expect(try client.status(of: mountpoint) == mount.answer)
    }

    @Test func `what a dead process left is not listed, and removed`() throws {
        try leaveStaleFiles()
        #expect(try client.mounts().isEmpty)
        #expect(try directory.names(in: "run").isEmpty)
    }

    @Test func `every live mount is listed, by mountpoint`() throws {
        let names = ["/mnt/b", "/mnt/a", "/mnt/with\nnewline"]
        let servers = try names.map { name in
            try ControlServer(
                directory: directory.runtime, mountpoint: name, control: FakeMount(.sample(name)))
        }
        #expect(try client.mounts().map(\.mountpoint) == names.sorted())
        for server in servers { server.stop() }
    }

    @Test func `a runtime directory whose path is longer than a socket address works`() throws {
        let long = directory.path + "/" + String(repeating: "d", count: 120)
        try FileManager.default.createDirectory(
            atPath: long, withIntermediateDirectories: false)
        let runtime = RuntimeDirectory(path: long)
        let server = try ControlServer(
            directory: runtime, mountpoint: mountpoint, control: mount)
        defer { server.stop() }
        #expect(try ControlClient(directory: runtime).status(of: mountpoint) == mount.answer)
    }

    private func leaveStaleFiles() throws {
        let address = ControlAddress(mountpoint: mountpoint)
        let run = directory.runtime.path
        try FileManager.default.createDirectory(
            atPath: run, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        try "1\n\(mountpoint)\n".write(
            toFile: run + "/" + address.pidFileName, atomically: false, encoding: .utf8)
        try "".write(toFile: run + "/" + address.socketName, atomically: false, encoding: .utf8)
    }
}
