"""Mounts of btfs."""

import contextlib
import signal

from . import processes
from .processes import wait_for


@contextlib.contextmanager
def mount(bench, source):
    """The mountpoint and the port at which it accepts peers."""
    mountpoint = bench.folder("btfs")
    port = processes.free_port()
    with bench.kept("btfs-data") as data:
        process = processes.start(
            ["btfs", "-f", f"--data-directory={data}", f"--min-port={port}"]
            + [f"--max-port={port}", source, mountpoint],
            stderr=processes.subprocess.DEVNULL,
        )
        bench.mounted.add(mountpoint)
        try:
            yield mountpoint, port
        finally:
            bench.force_unmount(mountpoint)
            bench.mounted.discard(mountpoint)
            processes.end(process, signal.SIGTERM, 3)


@contextlib.contextmanager
def dialled(bench):
    """A mount that a libtorrent seeder has dialled: btfs itself tries uTP and encryption first,
    and takes a minute to come to plain TCP."""
    with mount(bench, bench.torrent) as (mountpoint, port):
        wait_for(
            "btfs to mount",
            lambda: (mountpoint / "data.bin").exists() and processes.accepts(port), 60,
        )
        with bench.libtorrent_seeder(None, None, "--dial", str(port)):
            yield mountpoint / "data.bin"
