import Foundation
import Reactor
import Testing
import TorrentCore

@testable import FUSEBridge

extension MountSuites {
    @Suite("Mounting and unmounting")
    struct LifecycleTests {
        private static var sample: SampleTorrent {
            var torrent = SampleTorrent()
            torrent.add("file", 8 << 20)
            return torrent
        }

        private static let reader = """
            import os, sys
            f = os.open(sys.argv[1], os.O_RDONLY)
            print('open', flush=True)
            try: os.pread(f, 4096, 0)
            except OSError as e: print('failed')
            """

        @Test func `unmounting while reads wait ends them and the mount`() throws {
            try TestMount.with(Self.sample, isCached: false) { mount in
                let children = try (0..<8).map { _ in
                    try Child.python(Self.reader, mount.file("file"))
                }
                for child in children { #expect(child.nextLine() == "open\n") }
                #expect(mount.contents.wait { $0.waits.count >= 1 })
                mount.system.unmount()
                for child in children { #expect(child.expectSuccess() == "failed\n") }
                let ends = mount.ends.wait(until: TestMount.later) { $0.isEmpty ? nil : $0 }
                #expect(ends == [.requested])
                mount.system.unmount()
            }
        }

        @Test func `unmounting while a file is open does not hang`() throws {
            try TestMount.with(Self.sample) { mount in
                let child = try Child.python(
                    """
                    import os, sys
                    f = open(sys.argv[1], 'rb')
                    m = f.read(100)
                    print('open', flush=True)
                    sys.stdin.read(1)
                    """, mount.file("file"))
                #expect(child.nextOutput().hasPrefix("open"))
                mount.system.unmount()
                child.closeInput()
                child.expectSuccess()
            }
        }

        @Test(arguments: [["/bin/umount"], ["/usr/bin/fusermount3", "-u"]])
        func `an unmount from outside ends the mount once`(command: [String]) throws {
            try TestMount.with(Self.sample) { mount in
                try Child(command[0], command.dropFirst() + [mount.path]).expectSuccess()
                let ends = mount.ends.wait(until: TestMount.later) { $0.isEmpty ? nil : $0 }
                #expect(ends == [.unmounted])
            }
        }

        @Test func `a lazy unmount while reads wait ends them and the mount`() throws {
            try TestMount.with(Self.sample, isCached: false) { mount in
                let child = try Child.python(Self.reader, mount.file("file"))
                #expect(child.nextLine() == "open\n")
                #expect(mount.contents.wait { $0.waits.count >= 1 })
                try Child("/bin/umount", ["-l", mount.path]).expectSuccess()
                let ends = mount.ends.wait(until: TestMount.later) { $0.isEmpty ? nil : $0 }
                #expect(ends == [.unmounted])
                #expect(child.expectSuccess() == "failed\n")
            }
        }

        /// Leaves a mount behind whose process is gone.
        private func leaveDeadMount(at path: String) throws {
            try Child.run(
                """
                import ctypes, os, sys
                f = os.open('/dev/fuse', os.O_RDWR)
                o = b'fd=%d,rootmode=40000,user_id=0,group_id=0' % f
                assert ctypes.CDLL(None).mount(
                    b'swarmfs', sys.argv[1].encode(), sys.argv[2].encode(), 1, o) == 0
                """, path, "fuse.swarmfs")
        }

        @Test(.enabled(if: geteuid() == 0, "only root can leave one behind by hand"))
        func `a mount of a killed process is replaced`() throws {
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            try leaveDeadMount(at: folder.path)
            try leaveDeadMount(at: folder.path)
            #expect(StaleMount.isPresent(at: folder.path))
            let mount = try TestMount(Self.sample, isCached: true, at: folder.path + "/")
            defer { mount.system.unmount() }
            #expect(StaleMount.health(of: folder.path) == .alive)
            #expect(!StaleMount.isPresent(at: folder.path))
            let own = MountTable.current().entries.filter { $0.path == folder.path }
            #expect(own.count == 1)
        }

        @Test func `what cannot be a mountpoint is refused, and nothing is left behind`() throws {
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            func mount(_ path: String) throws {
                _ = try TestMount(Self.sample, isCached: true, at: path)
            }
            #expect(throws: MountError.mountpointMissing(folder.path + "/no")) {
                try mount(folder.path + "/no")
            }
            let file = folder.path + "/file"
            try Data().write(to: URL(fileURLWithPath: file))
            #expect(throws: MountError.notDirectory(file)) { try mount(file) }
            #expect(throws: MountError.notEmpty(folder.path)) { try mount(folder.path) }
            unlink(file)
            let first = try TestMount(Self.sample, isCached: true, at: folder.path)
            #expect(throws: MountError.busy(folder.path)) { try mount(folder.path) }
            first.system.unmount()
            #expect(MountTable.current().top(at: folder.path) == nil)
            #expect(!MountError.busy("/x").description.contains("\n"))
        }

        @Test func `a mountpoint may be named by a link and hold blanks`() throws {
            let folder = try TemporaryFolder()
            let inner = folder.path + "/a b\\c"
            let link = folder.path + "/link"
            defer {
                unlink(link)
                rmdir(inner)
                folder.remove()
            }
            try FileManager.default.createDirectory(
                atPath: inner, withIntermediateDirectories: false)
            symlink(inner, link)
            let mount = try TestMount(Self.sample, isCached: true, at: link)
            #expect(MountTable.current().top(at: inner)?.type == MountTable.ownType)
            mount.system.unmount()
            #expect(MountTable.current().top(at: inner) == nil)
        }

        @Test(.enabled(if: geteuid() == 0, "only root may raise it"))
        func `root's mounts read ahead one mebibyte`() throws {
            try TestMount.with(Self.sample) { mount in
                let device = try #require(MountTable.current().top(at: mount.path)?.device)
                let text = try String(
                    contentsOfFile: "/sys/class/bdi/\(device)/read_ahead_kb", encoding: .utf8)
                #expect(text == "1024\n")
            }
        }

        /// In a process of its own: the other tests' threads and descriptors do not count.
        @Test func `many mounts and unmounts leave no threads and descriptors`() async {
            await #expect(processExitsWith: .success) {
                func count(_ name: String) throws -> Int {
                    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/\(name)").count
                }
                for _ in 0..<3 { try TestMount.with(Self.sample) { _ in } }
                let (descriptors, threads) = (try count("fd"), try count("task"))
                for _ in 0..<20 { try TestMount.with(Self.sample) { _ in } }
                // Foundation, Swift's pool and the testing library may have taken a few.
                #expect(try count("fd") < descriptors + 10)
                #expect(try count("task") < threads + 10)
            }
        }
    }
}
