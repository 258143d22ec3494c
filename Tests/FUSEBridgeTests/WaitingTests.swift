import Foundation
import Reactor
import Testing
import TorrentCore
import TorrentCrypto

@testable import FUSEBridge

extension MountSuites {
    @Suite("Waiting and giving up")
    struct WaitingTests {
        private static func sample() -> SampleTorrent {
            var torrent = SampleTorrent()
            torrent.add("cached", 8 << 20)
            torrent.add("missing", 64 << 20)
            return torrent
        }

        private static let cat = "import os, sys; os.execv('/bin/cat', ['cat', sys.argv[1]])"

        /// Mounts with the first file cached and the second one not.
        private func withMount(
            _ options: MountOptions = MountOptions(), _ body: (TestMount) throws -> Void
        ) throws {
            try TestMount.with(Self.sample(), isCached: false, options) { mount in
                mount.contents.release(PieceIndex(0)..<PieceIndex(32))
                try body(mount)
            }
        }

        @Test func `two hundred readers wait while everything else answers at once`() throws {
            try withMount { mount in
                let readers = try Child.python(
                    """
                    import os, sys, threading
                    want = os.open(sys.argv[1], os.O_RDONLY)
                    def read(i):
                        f = os.open(sys.argv[1], os.O_RDONLY)
                        os.pread(f, 4096, i * 300_000)
                    threads = [threading.Thread(target=read, args=(i,)) for i in range(200)]
                    for t in threads: t.start()
                    print('started', flush=True)
                    for t in threads: t.join()
                    """, mount.file("missing"))
                #expect(mount.contents.wait { $0.waits.count >= 200 })
                // Also while the first reads are failed once and come again.
                for _ in 0..<3 {
                    try Child.run(
                        """
                        import os, sys
                        t = sys.argv[1] + '/t'
                        assert len(os.listdir(t)) == 2
                        assert os.stat(t + '/missing').st_size == 64 << 20
                        f = os.open(t + '/cached', os.O_RDONLY)
                        os.posix_fadvise(f, 0, 0, os.POSIX_FADV_DONTNEED)
                        while os.read(f, 1 << 20): pass
                        """, mount.path)
                    usleep(800_000)
                }
                // Not at every moment: those that failed once are about to come again.
                #expect(eventually { mount.system.waitingReadCount >= 200 })
                mount.contents.releaseAll()
                readers.expectSuccess()
                #expect(mount.system.waitingReadCount == 0)
            }
        }

        @Test func `of hundreds that read by one descriptor none fails before its time`() throws {
            var options = MountOptions()
            options.grace = .milliseconds(200)
            try withMount(options) { mount in
                let readers = try Child.python(
                    """
                    import os, sys, threading
                    f = os.open(sys.argv[1], os.O_RDONLY)
                    done = []
                    def read(i): done.append(os.pread(f, 4096, i * 163_840))
                    threads = [threading.Thread(target=read, args=(i,)) for i in range(400)]
                    for t in threads: t.start()
                    for t in threads: t.join()
                    assert len(done) == 400, len(done)
                    """, mount.file("missing"))
                // Most have been failed once by then, and wait again.
                #expect(mount.contents.wait { $0.waited.count >= 600 })
                mount.contents.releaseAll()
                readers.expectSuccess()
            }
        }

        private func eventually(_ isTrue: () -> Bool) -> Bool {
            let deadline = TestMount.later
            while !isTrue() {
                guard Timestamp.now() < deadline else { return false }
                usleep(1_000)
            }
            return true
        }

        @Test func `data that comes after the grace time is delivered`() throws {
            try withMount { mount in
                let child = try Child.python(
                    "import hashlib, os, sys; f = os.open(sys.argv[1], os.O_RDONLY)\n"
                        + "print(hashlib.sha1(os.pread(f, 300000, 1 << 20)).hexdigest())",
                    mount.file("missing"))
                #expect(mount.contents.wait { $0.waits.count >= 1 })
                usleep(2_500_000)
                #expect(mount.contents.wait { $0.waits.count >= 1 })
                mount.contents.releaseAll()
                let text = child.expectSuccess()
                let expected = TestMount.expected(1 << 20..<(1 << 20) + 300_000)
                #expect(text == "\(OpenSSLHashing().sha1(expected.span))\n")
            }
        }

        @Test(
            arguments: ["os.pread(f, 9000, 0)", "os.preadv(d, [mmap.mmap(-1, 8192)], 0)"],
            // At once, and while the kernel waits in a way that signals can end.
            [0, 2_500_000] as [UInt32])
        func `Ctrl-C ends a read in a program that handles it`(call: String, delay: UInt32) throws {
            try withMount { mount in
                let child = try Child.python(
                    """
                    import mmap, os, signal, sys
                    f = os.open(sys.argv[1], os.O_RDONLY)
                    d = os.open(sys.argv[1], os.O_RDONLY | os.O_DIRECT)
                    signal.signal(signal.SIGINT, signal.default_int_handler)
                    try: \(call)
                    except KeyboardInterrupt: print('interrupted')
                    """, mount.file("missing"))
                #expect(mount.contents.wait { $0.waits.count >= 1 })
                usleep(delay)
                child.signal(SIGINT)
                #expect(child.expectSuccess() == "interrupted\n")
                // The demand goes with the last reader.
                #expect(mount.contents.wait { $0.waits.isEmpty })
            }
        }

        @Test func `SIGTERM ends a reader`() throws {
            try withMount { mount in
                let child = try Child.python(Self.cat, mount.file("missing"))
                #expect(mount.contents.wait { $0.waits.count >= 1 })
                child.signal(SIGTERM)
                #expect(child.end() == SIGTERM)
                let late = try Child.python(Self.cat, mount.file("missing"))
                #expect(mount.contents.wait { $0.waits.count >= 1 })
                usleep(2_000_000)
                late.signal(SIGTERM)
                #expect(late.end() == SIGTERM)
                #expect(mount.contents.wait { $0.waits.isEmpty })
            }
        }

        @Test func `a signal that is handled does not kill a program that waits in a mapping`()
            throws
        {
            try withMount { mount in
                let script = """
                    import mmap, os, signal, sys
                    signal.signal(signal.SIGUSR1, lambda *_: None)
                    f = os.open(sys.argv[1], os.O_RDONLY)
                    m = mmap.mmap(f, 0, prot=mmap.PROT_READ)
                    print(m[5 << 20], flush=True)
                    """
                let child = try Child.python(script, mount.file("missing"))
                #expect(mount.contents.wait { $0.waits.count >= 1 })
                for _ in 0..<5 {
                    usleep(500_000)
                    child.signal(SIGUSR1)
                }
                #expect(mount.contents.wait { $0.waits.count >= 1 })
                mount.contents.releaseAll()
                let byte = TestMount.expected(5 << 20..<(5 << 20) + 1)[0]
                #expect(child.expectSuccess() == "\(byte)\n")
            }
        }

        @Test func `a program that waits in a mapping can be ended after a handled signal`() throws
        {
            try withMount { mount in
                let child = try Child.python(
                    """
                    import mmap, os, signal, sys
                    signal.signal(signal.SIGUSR1, lambda *_: None)
                    f = os.open(sys.argv[1], os.O_RDONLY)
                    m = mmap.mmap(f, 0, prot=mmap.PROT_READ)
                    print(m[5 << 20], flush=True)
                    """, mount.file("missing"))
                #expect(mount.contents.wait { $0.waits.count >= 1 })
                usleep(2_000_000)
                child.signal(SIGUSR1)
                usleep(300_000)
                child.signal(SIGTERM)
                // The failed fault may be what ends it.
                let status = child.end()
                #expect(status == SIGTERM || status == SIGBUS)
            }
        }

        @Test func `of two programs that wait for one page of a mapping, one may end`() throws {
            try withMount { mount in
                let script = """
                    import mmap, os, sys
                    f = os.open(sys.argv[1], os.O_RDONLY)
                    m = mmap.mmap(f, 0, prot=mmap.PROT_READ)
                    print('mapped', flush=True)
                    print(m[5 << 20], flush=True)
                    """
                let children = try (0..<3).map { _ in
                    try Child.python(script, mount.file("missing"))
                }
                for child in children { #expect(child.nextLine() == "mapped\n") }
                #expect(mount.contents.wait { $0.waits.count >= 1 })
                // Nothing tells that the others wait for the kernel's read as well; they do by now.
                usleep(300_000)
                children[0].signal(SIGKILL)
                #expect(children[0].end() == SIGKILL)
                #expect(mount.contents.wait { $0.waits.count >= 1 })
                mount.contents.releaseAll()
                let byte = TestMount.expected(5 << 20..<(5 << 20) + 1)[0]
                for child in children[1...] { #expect(child.expectSuccess() == "\(byte)\n") }
            }
        }

        @Test func `a read fails after the read time-out, which is reported`() throws {
            var options = MountOptions()
            options.readTimeout = .seconds(2.5)
            try withMount(options) { mount in
                let script = """
                    import errno, os, sys, time
                    start = time.monotonic()
                    try: os.pread(os.open(sys.argv[1], os.O_RDONLY), 100, 0)
                    except OSError as e: assert e.errno == errno.EIO, e
                    print(round(time.monotonic() - start, 1))
                    """
                for _ in 0..<2 {
                    let text = try Child.run(script, mount.file("missing"))
                    let seconds = Double(text.dropLast()) ?? 0
                    #expect(seconds >= 2.4)
                }
                #expect(mount.contents.state.update { $0.timeouts } == ["t/missing", "t/missing"])
                mount.contents.releaseAll()
                let read = "import sys; print(len(open(sys.argv[1], 'rb').read(100)))"
                try #expect(Child.run(read, mount.file("missing")) == "100\n")
            }
        }

        @Test func `a time-out shorter than the grace time holds`() throws {
            var options = MountOptions()
            options.readTimeout = .seconds(0.5)
            options.grace = .seconds(Child.patience / 2)
            try withMount(options) { mount in
                let text = try Child.run(
                    """
                    import errno, os, sys, time
                    start = time.monotonic()
                    try: os.pread(os.open(sys.argv[1], os.O_RDONLY), 100, 0)
                    except OSError as e: assert e.errno == errno.EIO, e
                    print(round(time.monotonic() - start, 1))
                    """, mount.file("missing"))
                let seconds = Double(text.dropLast()) ?? 0
                #expect((0.4..<Child.patience / 2).contains(seconds))
                #expect(mount.contents.state.update { $0.timeouts.count } == 1)
            }
        }
    }
}
