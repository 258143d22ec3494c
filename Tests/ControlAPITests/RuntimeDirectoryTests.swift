import ControlAPI
import ControlTesting
import Foundation
import Testing

@Suite("Runtime directory")
struct RuntimeDirectoryTests {
    private let directory: TemporaryDirectory
    private let mount = FakeMount(.sample())

    init() throws { directory = try TemporaryDirectory() }

    @Test func `XDG_RUNTIME_DIR counts where it is a directory of the user`() throws {
        let user = geteuid()
        #expect(
            RuntimeDirectory(runtimeVariable: directory.path, userID: user).path
                == directory.path + "/swarmfs")
        #expect(
            RuntimeDirectory(runtimeVariable: directory.path, userID: user + 1).path
                == "/tmp/swarmfs-\(user + 1)")
        #expect(RuntimeDirectory(runtimeVariable: "relative", userID: 0).path == "/run/swarmfs")
        #expect(RuntimeDirectory(runtimeVariable: "/nowhere", userID: 7).path == "/tmp/swarmfs-7")
        #expect(RuntimeDirectory(runtimeVariable: nil, userID: 0).path == "/run/swarmfs")
    }

    @Test func `a link in its place is refused`() throws {
        try FileManager.default.createSymbolicLink(
            atPath: directory.runtime.path, withDestinationPath: directory.path)
        #expect(throws: ControlError.untrustedDirectory(directory.runtime.path)) {
            try ControlServer(directory: directory.runtime, mountpoint: "/m", control: mount)
        }
        #expect(throws: ControlError.untrustedDirectory(directory.runtime.path)) {
            try ControlClient(directory: directory.runtime).mounts()
        }
    }

    @Test(.enabled(if: geteuid() == 0))
    func `a directory of another user is refused`() throws {
        let path = directory.runtime.path
        mkdir(path, 0o700)
        chown(path, 12345, 12345)
        #expect(throws: ControlError.untrustedDirectory(path)) {
            try ControlServer(directory: directory.runtime, mountpoint: "/m", control: mount)
        }
    }

    @Test func `a directory that others can enter is closed to them`() throws {
        mkdir(directory.runtime.path, 0o755)
        let server = try ControlServer(
            directory: directory.runtime, mountpoint: "/m", control: mount)
        server.stop()
        #expect(try directory.mode(of: "run") == 0o700)
    }

    @Test func `where nothing was ever mounted nothing is listed, and nothing made`() throws {
        #expect(try ControlClient(directory: directory.runtime).mounts().isEmpty)
        #expect(try directory.names(in: "").isEmpty)
    }
}
