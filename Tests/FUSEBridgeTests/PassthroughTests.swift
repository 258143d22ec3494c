import CLinux
import Foundation
import Reactor
import Testing
import TorrentCore
import TorrentTree

@testable import FUSEBridge

extension MountSuites {
    @Suite("Passthrough of complete files")
    struct PassthroughTests {
        private static let length = 5 << 20 + 77

        /// Whether this machine lets us; what the tests expect follows from it.
        private static let isPossible: Bool = {
            guard geteuid() == 0 else { return false }
            let release = ProcessInfo.processInfo.operatingSystemVersion
            return (release.majorVersion, release.minorVersion) >= (6, 9)
        }()

        /// A mount whose files `big` (index 0), `small` and `empty` are on disk as well.
        private func with(
            isCached: Bool = true, _ options: MountOptions = MountOptions(),
            _ body: (TestMount) throws -> Void
        ) throws {
            let folder = "/tmp/swarmfs-files-\(UUID().uuidString)"
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: false)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            var torrent = SampleTorrent()
            for (index, (name, length)) in [("big", Self.length), ("small", 99), ("empty", 0)]
                .enumerated()
            {
                torrent.add(name, length)
                try Data(TestMount.expected(0..<length))
                    .write(to: URL(fileURLWithPath: "\(folder)/\(index)"))
            }
            try TestMount.with(torrent, isCached: isCached, options, folder: folder, body)
        }

        private func mode(_ path: String) -> String {
            var value = [UInt8](repeating: 0, count: 64)
            let count = getxattr(path, "user.swarmfs.io_mode", &value, value.count)
            return String(decoding: value.prefix(max(0, count)), as: UTF8.self)
        }

        private func reads(_ mount: TestMount) -> Int {
            mount.contents.state.update { $0.readCount }
        }

        private static let compare = """
            import mmap, os, random, sys
            def content(path): return open(path, 'rb').read()
            want = content(sys.argv[2])
            """

        private func source(_ mount: TestMount, _ index: Int = 0) -> String {
            "\(mount.contents.folder ?? "")/\(index)"
        }

        @Test(.enabled(if: isPossible))
        func `a complete file is read, mapped and sent without asking us`() throws {
            try with { mount in
                #expect(mount.system.passthroughState == .on)
                #expect(mode(mount.file("big")) == "passthrough")
                try Child.run(
                    Self.compare + """

                        assert content(sys.argv[1]) == want
                        f = os.open(sys.argv[1], os.O_RDONLY)
                        assert os.getxattr(f, 'user.swarmfs.io_mode') == b'passthrough'
                        assert os.fstat(f).st_size == len(want)
                        r = random.Random(1)
                        for flags in (mmap.MAP_SHARED, mmap.MAP_PRIVATE):
                            m = mmap.mmap(f, 0, flags=flags, prot=mmap.PROT_READ)
                            for _ in range(100):
                                o = r.randrange(len(want))
                                assert m[o:o + 5000] == want[o:o + 5000], o
                                assert os.pread(f, 5000, o) == want[o:o + 5000], o
                        assert os.pread(f, 10, len(want)) == b''
                        d = os.open(sys.argv[1], os.O_RDONLY | os.O_DIRECT)
                        b = mmap.mmap(-1, 1 << 20)
                        for o in (0, 4096, 5 << 20):
                            n = os.preadv(d, [b], o)
                            assert b[:n] == want[o:o + n] and n == min(1 << 20, len(want) - o)
                        t = os.memfd_create('copy')
                        while os.sendfile(t, f, None, 1 << 20): pass
                        assert os.pread(t, len(want), 0) == want
                        try: os.open(sys.argv[1], os.O_RDWR); raise SystemExit('writable')
                        except OSError as e: assert e.errno == 30
                        """, mount.file("big"), source(mount))
                #expect(reads(mount) == 0)
                // Closing is told a little later.
                #expect(mount.contents.wait { $0.retained.isEmpty })
            }
        }

        @Test func `it is used where the kernel and our privileges allow it, silently`() throws {
            try with { mount in
                #expect((mount.system.passthroughState == .on) == Self.isPossible)
                #expect(mount.system.passthroughState != .off)
                #expect(mode(mount.file("big")) == (Self.isPossible ? "passthrough" : "cached"))
                try Child.run(
                    Self.compare + "\nassert content(sys.argv[1]) == want", mount.file("big"),
                    source(mount))
                #expect((reads(mount) == 0) == Self.isPossible)
            }
        }

        @Test func `an empty file has nothing to pass through`() throws {
            try with { mount in
                #expect(mode(mount.file("empty")) == "cached")
                try Child.run(
                    "import sys; assert open(sys.argv[1], 'rb').read() == b''", mount.file("empty"))
                #expect(mount.contents.state.update { $0.retained.isEmpty })
            }
        }

        @Test func `without passthrough complete files are read through us`() throws {
            var options = MountOptions()
            options.allowsPassthrough = false
            try with(options) { mount in
                #expect(mount.system.passthroughState != .on)
                #expect(mount.system.passthroughState == .off)
                #expect(mode(mount.file("big")) == "cached")
                try Child.run(
                    Self.compare + "\nassert content(sys.argv[1]) == want", mount.file("big"),
                    source(mount))
                #expect(reads(mount) > 0)
                #expect(mount.contents.state.update { $0.retained.isEmpty })
            }
        }

        @Test(.enabled(if: isPossible))
        func `a file that becomes complete while open passes through at its next open`() throws {
            try with(isCached: false) { mount in
                let last = PieceIndex(mount.contents.torrent.pieceCount - 1)
                mount.contents.release(PieceIndex(0)..<last)
                #expect(mode(mount.file("big")) == "cached")
                let child = try Child.python(
                    Self.compare + """

                        def mode(f): return os.getxattr(f, 'user.swarmfs.io_mode').decode()
                        f = open(sys.argv[1], 'rb')
                        half = f.read(len(want) // 2)
                        print('half', flush=True)
                        sys.stdin.readline()
                        # A second handle joins in the mode that the first one set.
                        g = open(sys.argv[1], 'rb')
                        assert mode(f.fileno()) == mode(g.fileno()) == 'cached'
                        assert g.read() == want and half + f.read() == want
                        m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)
                        f.close(); g.close()
                        # The mapping is a handle, too.
                        h = open(sys.argv[1], 'rb')
                        assert mode(h.fileno()) == 'cached' and h.read() == want == m[:]
                        h.close(); m.close()
                        print('closed', flush=True)
                        sys.stdin.read()
                        # The pages of cached mode are still there: they must not show through.
                        f = open(sys.argv[1], 'rb')
                        assert mode(f.fileno()) == 'passthrough' and f.read() == want
                        m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)
                        assert m[:] == want
                        """, mount.file("big"), source(mount))
                #expect(child.nextLine() == "half\n")
                mount.contents.releaseAll()
                child.input("go\n")
                #expect(child.nextLine() == "closed\n")
                // The kernel tells us of the last close a little later.
                #expect(eventually { mode(mount.file("big")) == "passthrough" })
                let before = reads(mount)
                child.closeInput()
                child.expectSuccess()
                #expect(reads(mount) == before)
            }
        }

        @Test(.enabled(if: isPossible))
        func `pieces lost while open in passthrough leave its handles alone`() throws {
            try with { mount in
                let child = try Child.python(
                    Self.compare + """

                        f = open(sys.argv[1], 'rb')
                        print('open', flush=True)
                        sys.stdin.read()
                        g = open(sys.argv[1], 'rb')
                        assert f.read() == g.read() == want
                        assert os.getxattr(g.fileno(), 'user.swarmfs.io_mode') == b'passthrough'
                        """, mount.file("big"), source(mount))
                #expect(child.nextLine() == "open\n")
                mount.contents.state.update { $0.cached[PieceIndex(3)] = false }
                child.closeInput()
                child.expectSuccess()
                #expect(eventually { mode(mount.file("big")) == "cached" })
                #expect(mount.contents.wait { $0.retained.isEmpty })
                mount.contents.releaseAll()
            }
        }

        @Test(.enabled(if: isPossible))
        func `many programs that open and close at once all get the bytes`() throws {
            try with { mount in
                // Half the time the file is not complete: the mode flips whenever nobody has it open.
                let isDone = Condition(false)
                let flipper = try Reactor.Thread(name: "flipper") { [contents = mount.contents] in
                    var isOnDisk = false
                    while isDone.wait(until: .now() + .milliseconds(3), { $0 ? true : nil }) == nil
                    {
                        contents.state.update { $0.cached[PieceIndex(0)] = isOnDisk }
                        if isOnDisk { contents.releaseAll() }
                        isOnDisk.toggle()
                    }
                    contents.releaseAll()
                }
                defer { flipper.join() }
                defer { isDone.update { $0 = true } }
                try Child.run(
                    Self.compare + """

                        import threading
                        bad = []
                        modes = set()
                        def run(seed):
                            r = random.Random(seed)
                            try:
                                for _ in range(50):
                                    f = os.open(sys.argv[1], os.O_RDONLY)
                                    modes.add(os.getxattr(f, 'user.swarmfs.io_mode'))
                                    o = r.randrange(1 << 20, len(want))
                                    if os.pread(f, 3000, o) != want[o:o + 3000]: bad.append(o)
                                    os.close(f)
                            except OSError as e: bad.append(e)
                        # Between two rounds nobody has the file open, so that it changes mode.
                        rounds = 0
                        while rounds < 6 or len(modes) < 2:
                            seeds = range(6 * rounds, 6 * rounds + 6)
                            threads = [threading.Thread(target=run, args=(s,)) for s in seeds]
                            for t in threads: t.start()
                            for t in threads: t.join()
                            assert not bad, bad[:5]
                            rounds += 1
                        """, mount.file("big"), source(mount))
                #expect(mount.contents.wait { $0.retained.isEmpty })
            }
        }

        @Test(.enabled(if: isPossible))
        func `the mount's end gives up files that are open in passthrough`() throws {
            try with { mount in
                let child = try Child.python(
                    Self.compare + """

                        f = open(sys.argv[1], 'rb')
                        print('open', flush=True)
                        sys.stdin.read()
                        # The kernel needs nobody for it.
                        assert f.read() == want
                        """, mount.file("big"), source(mount))
                #expect(child.nextLine() == "open\n")
                #expect(mount.contents.state.update { $0.retained.count } == 1)
                mount.system.unmount()
                #expect(mount.contents.wait { $0.retained.isEmpty })
                // Who would take bytes off the disk can tell that a program still has the file open.
                let file = open(source(mount), O_RDWR | O_CLOEXEC)
                defer { close(file) }
                #expect(fcntl(file, setLease, F_WRLCK) == -1 && errno == EAGAIN)
                child.closeInput()
                child.expectSuccess()
                #expect(eventually { fcntl(file, setLease, F_WRLCK) == 0 })
            }
        }

        /// `F_SETLEASE`, which Glibc's module lacks without `_GNU_SOURCE`.
        private let setLease: Int32 = 1024

        private func eventually(_ isTrue: () -> Bool) -> Bool {
            let deadline = Date().addingTimeInterval(Child.patience)
            while !isTrue() {
                guard Date() < deadline else { return false }
                usleep(1_000)
            }
            return true
        }
    }
}
