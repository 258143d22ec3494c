"""What the rows share: programs, a folder to work in, data sets, mounts, seeders."""

import contextlib
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time

from . import processes
from .processes import Failed, Script, run

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Debian's, which has libtorrent's binding.
PYTHON = "/usr/bin/python3"
LIBTORRENT = [PYTHON, ROOT / "scripts/benchmark/programs/libtorrent_client.py"]
PROXY = [sys.executable, ROOT / "scripts/benchmark/programs/delay_proxy.py"]
READERS = [sys.executable, ROOT / "scripts/benchmark/programs/readers.py"]
MIB = 1 << 20


class Bench:
    """The surroundings of the rows, one after the other."""

    def __init__(self, binaries, work, quick, rounds):
        self.swarmfs = binaries["swarmfs"]
        self.test_peer = binaries["swarmfs-test-peer"]
        self.benchmarks = binaries["Benchmarks"]
        self.work = work
        self.quick = quick
        self.rounds = rounds
        self.size = (256 if quick else 1024) * MIB
        self.folders = 0
        self.mounted = set()
        self.torrents = {}
        self.environment = {
            **os.environ,
            "XDG_RUNTIME_DIR": str(work / "run"),
            "XDG_STATE_HOME": str(work / "state"),
            "XDG_CACHE_HOME": str(work / "user-cache"),
        }
        (work / "run").mkdir(mode=0o700)

    def few(self, full, quick=1):
        """Rounds of a slow competitor."""
        return quick if self.quick else full

    # Data sets

    @property
    def source(self):
        """A file of random bytes."""
        path = self.work / "source" / "data.bin"
        if not path.exists():
            path.parent.mkdir()
            generator = random.Random(1)
            with open(path, "wb") as file:
                for _ in range(self.size // MIB):
                    file.write(generator.randbytes(MIB))
        return path

    @property
    def torrent(self):
        """Its torrent: v1, which btfs and libtorrent take without a second kind of hashes."""
        return self.make_torrent(self.source, "1MiB")

    def make_torrent(self, data, piece_length, *options, format="v1"):
        key = (data, piece_length, format, options)
        if key not in self.torrents:
            path = self.work / f"{len(self.torrents)}.torrent"
            run(
                [self.swarmfs, "create", data, "-o", path, "--format", format, "--no-progress"]
                + ["--piece-length", piece_length, *options],
                120, env=self.environment,
            )
            self.torrents[key] = path
        return self.torrents[key]

    def folder(self, name):
        """A new and empty folder."""
        self.folders += 1
        path = self.work / f"{name}-{self.folders}"
        path.mkdir()
        return path

    @contextlib.contextmanager
    def kept(self, name):
        """A folder that is removed at the end."""
        path = self.folder(name)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    # Seeders

    @contextlib.contextmanager
    def script(self, command, **options):
        script = Script(command, env=self.environment, **options)
        try:
            yield script
        finally:
            script.end()

    @contextlib.contextmanager
    def libtorrent_seeder(self, torrent=None, data=None, *options):
        torrent, data = torrent or self.torrent, data or self.source
        with self.script([*LIBTORRENT, "seed", torrent, data.parent, *options]) as script:
            yield script.wait("listening")["port"], script.pid

    @contextlib.contextmanager
    def swarmfs_seeder(self, torrent=None, data=None, *options):
        port = processes.free_port()
        process = processes.start(
            [self.swarmfs, "seed", torrent or self.torrent, "--data", data or self.source]
            + ["--trust", "--listen", f"127.0.0.1:{port}", *options],
            env=self.environment,
        )
        try:
            processes.wait_for("swarmfs seed", lambda: processes.accepts(port))
            yield port, process.pid
        finally:
            processes.end(process)

    @contextlib.contextmanager
    def test_peers(self, count, behaviour, *options, torrent=None, data=None):
        """Seeders of the quality that `behaviour` tells; see `swarmfs-test-peer --help`."""
        command = [self.test_peer, torrent or self.torrent, "--data", data or self.source]
        command += ["--count", str(count), "--behaviour", behaviour, *options]
        with self.script(command) as script:
            yield script.wait("listening")["ports"]

    # Mounts

    @contextlib.contextmanager
    def mount(self, ports, cache=None, torrent=None, unchoked=None, options=()):
        """A mount with these peers, of which `unchoked` (all of them) have to unchoke first."""
        mountpoint = self.folder("mnt")
        with contextlib.ExitStack() as stack:
            cache = cache or stack.enter_context(self.kept("cache"))
            command = [self.swarmfs, "mount", torrent or self.torrent, mountpoint]
            command += ["--listen", "127.0.0.1:0", "--cache", cache, *options]
            for port in ports:
                command += ["--peer", f"127.0.0.1:{port}"]
            self.mounted.add(mountpoint)
            stack.callback(self.unmount, mountpoint)
            start = time.monotonic()
            run(command, 30, env=self.environment)
            seconds = time.monotonic() - start
            wanted = len(ports) if unchoked is None else unchoked
            processes.wait_for(
                "peers to unchoke",
                lambda: self.status(mountpoint)["torrents"][0]["peers_unchoked"] >= wanted,
            )
            yield Mount(self, mountpoint, self.status(mountpoint)["pid"], seconds)

    def status(self, mountpoint):
        output = run([self.swarmfs, "status", "--json", mountpoint], 10, env=self.environment)
        return json.loads(output)["mounts"][0]

    def unmount(self, mountpoint):
        with contextlib.suppress(Failed):
            run([self.swarmfs, "unmount", mountpoint], 15, env=self.environment)
        self.force_unmount(mountpoint)
        self.mounted.discard(mountpoint)
        with contextlib.suppress(OSError):
            mountpoint.rmdir()

    @staticmethod
    def force_unmount(mountpoint):
        with open("/proc/self/mountinfo") as mounts:
            if any(line.split()[4] == str(mountpoint) for line in mounts):
                command = ["umount", "-l"] if os.geteuid() == 0 else ["fusermount3", "-u", "-z"]
                subprocess.run([*command, mountpoint], check=False, stderr=subprocess.DEVNULL)

    def read(self, path, readers, seconds=60):
        """Reads in a process of its own; see readers.py. Ends after `seconds` at the latest."""
        plan = {"path": str(path), "readers": readers, "seconds": seconds}
        with self.script([*READERS, json.dumps(plan)]) as script:
            return script.wait("finished", seconds + 30)["readers"]

    # The end

    def end(self):
        """Whatever happened: no process and no mount is left."""
        for mountpoint in list(self.mounted):
            self.force_unmount(mountpoint)
        processes.end_all()
        for mountpoint in list(self.mounted):
            with contextlib.suppress(Failed):
                run([self.swarmfs, "unmount", mountpoint], 10, env=self.environment)


class Mount:
    """A mount of ours and its process."""

    def __init__(self, bench, path, pid, seconds):
        # Until the command returned.
        self.seconds = seconds
        self.bench = bench
        self.path = path
        self.pid = pid

    @property
    def file(self):
        return self.path / "data.bin"

    @property
    def cpu(self):
        return processes.cpu_seconds(self.pid)

    @property
    def peak(self):
        return processes.peak_mib(self.pid)

    @property
    def torrent(self):
        return self.bench.status(self.path)["torrents"][0]

    def settled_mode(self, seconds=10):
        """How a complete file is read, once it is synced: passthrough or cached."""
        def mode():
            return os.getxattr(self.file, "user.swarmfs.io_mode").decode()

        with contextlib.suppress(Failed):
            processes.wait_for("passthrough", lambda: mode() == "passthrough", seconds)
        return mode()
