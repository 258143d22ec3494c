import Foundation
import Testing
import TorrentCore
import TorrentTree

extension MountSuites {
    @Suite("The mounted files")
    struct NamespaceTests {
        private static var sample: SampleTorrent {
            var torrent = SampleTorrent()
            torrent.add("readme.txt", 1000)
            torrent.add("bin/tool", 300_000, attributes: "x")
            torrent.add("bin/deep/er/file", 10)
            torrent.add(".pad/24", 24, attributes: "p")
            torrent.add("empty", 0)
            torrent.add("link", 0, attributes: "l", target: ["bin", "tool"])
            torrent.add("bin/up", 0, attributes: "l", target: ["readme.txt"])
            torrent.add("out", 0, attributes: "l", target: ["..", "..", "etc", "passwd"])
            torrent.add("a:b", 3)
            return torrent
        }

        @Test func `stat, listing and links are those of a read-only folder`() throws {
            try TestMount.with(Self.sample) { mount in
                try Child.run(
                    """
                    import os, stat, sys
                    os.chdir(sys.argv[1])
                    assert os.listdir('.') == ['t'], os.listdir('.')
                    assert sorted(os.listdir('t')) == sorted(
                        ['readme.txt', 'bin', 'empty', 'link', 'out', 'a:b']), os.listdir('t')
                    def check(path, mode, size, links):
                        s = os.lstat(path)
                        assert oct(s.st_mode) == oct(mode), (path, oct(s.st_mode))
                        assert size is None or s.st_size == size, (path, s.st_size)
                        assert s.st_nlink == links, (path, s.st_nlink)
                        assert (s.st_uid, s.st_gid) == (os.getuid(), os.getgid())
                        assert s.st_mtime == 1600000000, s.st_mtime
                        return s
                    check('.', stat.S_IFDIR | 0o555, None, 3)
                    check('t', stat.S_IFDIR | 0o555, None, 3)
                    check('t/bin', stat.S_IFDIR | 0o555, None, 3)
                    check('t/bin/deep', stat.S_IFDIR | 0o555, None, 3)
                    s = check('t/readme.txt', stat.S_IFREG | 0o444, 1000, 1)
                    assert s.st_blocks == 2, s.st_blocks
                    check('t/bin/tool', stat.S_IFREG | 0o555, 300000, 1)
                    check('t/empty', stat.S_IFREG | 0o444, 0, 1)
                    check('t/link', stat.S_IFLNK | 0o777, 8, 1)
                    assert os.readlink('t/link') == 'bin/tool'
                    assert os.readlink('t/bin/up') == '../readme.txt'
                    assert os.stat('t/bin/up').st_size == 1000
                    for f in (os.readlink, os.stat, open):
                        try: f('t/out'); raise SystemExit('out')
                        except FileNotFoundError: pass
                    try: os.stat('t/nothing'); raise SystemExit('nothing')
                    except FileNotFoundError: pass
                    assert open('t/empty', 'rb').read() == b''
                    inodes = {}
                    for root, folders, files in os.walk('.'):
                        for e in os.scandir(root):
                            assert e.inode() == os.lstat(e.path).st_ino
                            assert e.inode() not in inodes, e.path
                            inodes[e.inode()] = e.path
                        assert os.stat(root + '/.').st_ino == os.stat(root).st_ino
                        assert os.stat(root + '/..').st_ino > 0
                    v = os.statvfs('t')
                    assert (v.f_bfree, v.f_bavail, v.f_namemax) == (0, 0, 255)
                    assert v.f_blocks * v.f_frsize >= 301013 and v.f_files >= 10, v
                    assert v.f_flag & os.ST_RDONLY and v.f_flag & os.ST_NOSUID
                    """, mount.path)
            }
        }

        @Test func `everything that writes gets EROFS`() throws {
            try TestMount.with(Self.sample) { mount in
                try Child.run(
                    """
                    import os, sys, errno
                    os.chdir(sys.argv[1])
                    f = 't/readme.txt'
                    calls = dict(
                        create=lambda: open('t/new', 'w'), write=lambda: open(f, 'r+'),
                        append=lambda: open(f, 'a'), truncate=lambda: os.truncate(f, 0),
                        mkdir=lambda: os.mkdir('t/d'), rmdir=lambda: os.rmdir('t/bin/deep/er'),
                        unlink=lambda: os.unlink(f), rename=lambda: os.rename(f, 't/x'),
                        symlink=lambda: os.symlink('a', 't/l'), link=lambda: os.link(f, 't/h'),
                        chmod=lambda: os.chmod(f, 0o777), chown=lambda: os.chown(f, 1, 1),
                        utime=lambda: os.utime(f), mknod=lambda: os.mknod('t/n'),
                        setxattr=lambda: os.setxattr(f, 'user.a', b'1'),
                        removexattr=lambda: os.removexattr(f, 'user.swarmfs.size'),
                        top=lambda: open('new', 'w'))
                    for name, call in calls.items():
                        try: call(); raise SystemExit(name + ' succeeded')
                        except OSError as e: assert e.errno == errno.EROFS, (name, e)
                    """, mount.path)
            }
        }

        @Test func `extended attributes tell what is known of the torrent`() throws {
            try TestMount.with(Self.sample, isCached: false) { mount in
                mount.contents.release(PieceIndex(0)..<PieceIndex(1))
                try Child.run(
                    """
                    import os, sys, errno
                    os.chdir(sys.argv[1])
                    p = 'user.swarmfs.'
                    def all(path):
                        return {n: os.getxattr(path, n).decode() for n in os.listxattr(path)}
                    x = all('t/bin/tool')
                    assert x[p + 'infohash'] == sys.argv[2], x
                    assert x[p + 'size'] == '300000' and x[p + 'pieces'] == '2', x
                    assert x[p + 'cached'] == '262144' and x[p + 'file_index'] == '1', x
                    assert x[p + 'piece_length'] == '262144', x
                    assert p + 'name' not in x and p + 'infohash_v2' not in x
                    x = all('t')
                    assert x[p + 'pieces'] == '2' and x[p + 'pieces_cached'] == '1', x
                    assert x[p + 'size'] == '301013', x
                    assert all('.')[p + 'size'] == '301013'
                    def error(n):
                        try: os.getxattr('t/empty', n)
                        except OSError as e: return e.errno
                    for n in ('user.swarmfs.no', 'user.other'):
                        assert error(n) == errno.ENODATA, n
                    # `ls -l` asks for these of every file unless it hears that there are none.
                    for n in ('security.capability', 'security.selinux',
                              'system.posix_acl_access'):
                        assert error(n) == errno.EOPNOTSUPP, n
                    import ctypes
                    c = ctypes.CDLL(None, use_errno=True)
                    b = ctypes.create_string_buffer(8)
                    n = (b't', b'user.swarmfs.infohash')
                    assert c.getxattr(*n, None, 0) == 40
                    assert c.getxattr(*n, b, 8) == -1 and ctypes.get_errno() == errno.ERANGE
                    assert c.listxattr(b't', b, 8) == -1 and ctypes.get_errno() == errno.ERANGE
                    """, mount.path, "\(mount.contents.torrent.identity)")
            }
        }

        @Test func `the blocks of a file grow with what is cached`() throws {
            try TestMount.with(Self.sample, isCached: false) { mount in
                let script = "import os, sys; print(os.stat(sys.argv[1]).st_blocks)"
                try #expect(Child.run(script, mount.file("bin/tool")) == "0\n")
                // The kernel keeps attributes of a file that nobody touches; opening it ends that.
                try Child.run(
                    "import os, sys; os.close(os.open(sys.argv[1], os.O_RDONLY))",
                    mount.file("bin/tool"))
                mount.contents.releaseAll()
                try #expect(Child.run(script, mount.file("bin/tool")) == "586\n")
            }
        }

        @Test func `a directory of a hundred thousand files is listed and looked up quickly`()
            throws
        {
            var torrent = SampleTorrent()
            for index in 0..<100_000 { torrent.add("f\(index)", 1) }
            try TestMount.with(torrent) { mount in
                // Some 10 s in a debug build would still be linear; a scan per look-up is hours.
                try Child.run(
                    """
                    import os, sys
                    os.chdir(sys.argv[1])
                    names = os.listdir('t')
                    assert len(names) == 100000 and len(set(names)) == 100000
                    for e in os.scandir('t'): assert e.stat().st_size == 1
                    assert os.stat('t/f99999').st_size == 1
                    assert len(os.listdir('t')) == 100000
                    """, mount.path, limit: 600)
                // A directory can be read on from any position.
                try Child.run(
                    """
                    import ctypes, sys
                    c = ctypes.CDLL(None, use_errno=True)
                    c.opendir.restype = ctypes.c_void_p
                    c.readdir.restype = ctypes.POINTER(ctypes.c_char * 280)
                    c.telldir.restype = ctypes.c_long
                    for f in (c.readdir, c.telldir): f.argtypes = [ctypes.c_void_p]
                    c.seekdir.argtypes = [ctypes.c_void_p, ctypes.c_long]
                    d = c.opendir(sys.argv[1].encode() + b'/t')
                    name = lambda: c.readdir(d).contents.raw[19:].split(b'\\0')[0]
                    for _ in range(5000): name()
                    at = c.telldir(d)
                    a = [name() for _ in range(2000)]
                    c.seekdir(d, at)
                    assert a == [name() for _ in range(2000)]
                    """, mount.path)
            }
        }
    }
}
