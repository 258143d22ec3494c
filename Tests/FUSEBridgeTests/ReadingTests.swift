import Foundation
import Reactor
import Testing
import TorrentCore
import TorrentTree

extension MountSuites {
    @Suite("Reading")
    struct ReadingTests {
        private static let length = 24 << 20

        private static func sample() -> SampleTorrent {
            var torrent = SampleTorrent()
            torrent.add("small", 1000)
            torrent.add("big", length)
            return torrent
        }

        /// Writes the content to compare with into a file, and gives its path.
        private func source(_ body: (String) throws -> Void) throws {
            let path = "/tmp/swarmfs-source-\(UUID().uuidString)"
            defer { unlink(path) }
            try Data(TestMount.expected(0..<Self.length)).write(to: URL(fileURLWithPath: path))
            try body(path)
        }

        @Test(arguments: [true, false])
        func `parallel reads at any offset give the source's bytes`(isCached: Bool) throws {
            try TestMount.with(Self.sample(), isCached: isCached) { mount in
                if !isCached {
                    // Pieces come in the order they are asked for, a little later.
                    Foundation.Thread.detachNewThread { [contents = mount.contents] in
                        var done = 0
                        while contents.cachedPieceCount < contents.torrent.pieceCount, done < 4000 {
                            for wait in contents.state.update({ $0.waits.values.map(\.pieces) }) {
                                contents.release(wait)
                            }
                            done += 1
                            usleep(1_000)
                        }
                        contents.releaseAll()
                    }
                }
                try source { source in
                    try Child.run(
                        """
                        import os, random, sys, threading
                        want = open(sys.argv[2], 'rb').read()
                        bad = []
                        def read(seed):
                            r = random.Random(seed)
                            f = os.open(sys.argv[1], os.O_RDONLY)
                            for _ in range(60):
                                n = r.choice([1, 100, 4096, 70000, 1 << 20, 3 << 20])
                                o = r.randrange(len(want) + 1000)
                                if os.pread(f, n, o) != want[o:o + n]: bad.append((o, n))
                            os.close(f)
                        threads = [threading.Thread(target=read, args=(s,)) for s in range(8)]
                        for t in threads: t.start()
                        for t in threads: t.join()
                        assert not bad, bad
                        assert open(sys.argv[1], 'rb').read() == want
                        """, mount.file("big"), source)
                }
            }
        }

        @Test func `mappings and direct reads give the source's bytes`() throws {
            try TestMount.with(Self.sample()) { mount in
                try source { source in
                    try Child.run(
                        """
                        import mmap, os, random, sys
                        want = open(sys.argv[2], 'rb').read()
                        f = os.open(sys.argv[1], os.O_RDONLY)
                        for flags in (mmap.MAP_SHARED, mmap.MAP_PRIVATE):
                            m = mmap.mmap(f, 0, flags=flags, prot=mmap.PROT_READ)
                            r = random.Random(1)
                            for _ in range(300):
                                o = r.randrange(len(want))
                                assert m[o:o + 5000] == want[o:o + 5000], o
                        try: mmap.mmap(f, 0, flags=mmap.MAP_SHARED); raise SystemExit('writable')
                        except PermissionError: pass
                        p = mmap.mmap(f, 0, flags=mmap.MAP_PRIVATE)
                        p[5] = 1 + want[5] % 200
                        assert os.pread(f, 10, 0) == want[:10]
                        d = os.open(sys.argv[1], os.O_RDONLY | os.O_DIRECT)
                        b = mmap.mmap(-1, 1 << 20)
                        for o in (0, 4096, 5 << 20, len(want) - 4096):
                            n = os.preadv(d, [b], o)
                            assert b[:n] == want[o:o + n] and n == min(1 << 20, len(want) - o)
                        """, mount.file("big"), source)
                }
            }
        }

        @Test func `random reads ask for the touched pieces only`() throws {
            try TestMount.with(Self.sample(), isCached: false) { mount in
                let contents = mount.contents
                let child = try Child.python(
                    """
                    import os, sys
                    f = os.open(sys.argv[1], os.O_RDONLY)
                    for o in (70, 20, 50, 5, 90, 33): os.pread(f, 4096, (o << 18) + 300000)
                    """, mount.file("big"))
                for piece in [71, 21, 51, 6, 91, 34] {
                    let range = PieceIndex(piece)..<PieceIndex(piece + 1)
                    #expect(contents.wait { $0.waits.values.contains { $0.pieces == range } })
                    contents.release(range)
                }
                child.expectSuccess()
                #expect(contents.cachedPieceCount == 6)
                #expect(contents.state.update { $0.windows.isEmpty })
            }
        }

        @Test func `a sequential reader is read ahead for, until it closes the file`() throws {
            try TestMount.with(Self.sample(), isCached: false) { mount in
                let contents = mount.contents
                contents.release(PieceIndex(0)..<PieceIndex(60))
                let child = try Child.python(
                    """
                    import os, sys
                    f = os.open(sys.argv[1], os.O_RDONLY)
                    for i in range(8 << 2): os.read(f, 1 << 18)
                    sys.stdin.read(1)
                    os.close(f)
                    """, mount.file("big"))
                #expect(
                    contents.wait { state in
                        // The kernel itself reads up to 2 MiB beyond the program's 8.
                        state.windows.values.contains { $0.contains(PieceIndex(44)) }
                    })
                child.closeInput()
                #expect(contents.wait { $0.windows.isEmpty && $0.ended.count == 1 })
                child.expectSuccess()
            }
        }

        @Test func `an error of the cache reaches the program and may heal`() throws {
            try TestMount.with(Self.sample()) { mount in
                mount.contents.state.update { $0.failure = EIO }
                let script = "import sys; print(len(open(sys.argv[1], 'rb').read()))"
                let child = try Child.python(script, mount.file("small"))
                #expect(child.end() == 1)
                #expect(child.text().contains("Input/output error"))
                mount.contents.state.update { $0.failure = nil }
                try #expect(Child.run(script, mount.file("small")) == "1000\n")
            }
        }
    }
}
