"""From starting a command with a magnet link to the first byte: a tracker and one seeder."""

import contextlib
import time

from .. import btfs, processes, tracker
from ..bench import PYTHON
from ..processes import wait_for
from ..table import Line, ratios

PATIENCE = 60


def first_bytes(path, start, expected):
    """Seconds from `start` until the file's first bytes are right."""
    def there():
        try:
            with open(path, "rb", buffering=0) as file:
                return file.read(len(expected)) == expected
        except OSError:
            return False

    wait_for(f"the first byte of {path}", there, PATIENCE, 0.002)
    return time.monotonic() - start


def ours(bench, magnet, expected):
    mountpoint = bench.folder("mnt")
    bench.mounted.add(mountpoint)
    with bench.kept("cache") as cache:
        try:
            start = time.monotonic()
            processes.run(
                [bench.swarmfs, "mount", magnet, mountpoint, "--cache", cache]
                # The link names a tracker of this machine.
                + ["--listen", "127.0.0.1:0", "--local-urls"], PATIENCE, env=bench.environment,
            )
            return first_bytes(mountpoint / "data.bin", start, expected)
        finally:
            bench.unmount(mountpoint)


def theirs_btfs(bench, magnet, expected):
    start = time.monotonic()
    with btfs.mount(bench, magnet) as (mountpoint, _):
        return first_bytes(mountpoint / "data.bin", start, expected)


def theirs_aria2(bench, magnet, expected):
    with bench.kept("aria2") as folder:
        start = time.monotonic()
        process = processes.start([
            "aria2c", "--no-conf=true", f"--dir={folder}", "--interface=127.0.0.1",
            f"--listen-port={processes.free_port()}", "--enable-dht=false", "--enable-dht6=false",
            "--bt-enable-lpd=false", "--file-allocation=none", "--seed-time=0",
            "--stream-piece-selector=inorder", "--bt-prioritize-piece=head", "--quiet", magnet,
        ])
        try:
            return first_bytes(folder / "data.bin", start, expected)
        finally:
            processes.end(process, patience=1)


def measure(bench):
    port = processes.free_port()
    url = f"http://127.0.0.1:{port}/announce"
    torrent = bench.make_torrent(bench.source, "1MiB", "--tracker", url)
    with open(bench.source, "rb") as file:
        expected = file.read(16)
    infohash = processes.run([
        PYTHON, "-c", "import libtorrent, sys; print(libtorrent.torrent_info(sys.argv[1]).info_hash())",
        torrent,
    ]).strip()
    magnet = f"magnet:?xt=urn:btih:{infohash}&tr={url}"
    mine, with_btfs, with_aria2 = [], [], []
    with contextlib.ExitStack() as stack:
        stack.enter_context(tracker.opentracker(bench, infohash, port))
        # A seeder that takes what clients come with: encryption and uTP too.
        stack.enter_context(bench.libtorrent_seeder(torrent, None, "--open"))
        # One that has not announced itself yet has nothing to do with us.
        time.sleep(2)
        for _ in range(bench.rounds):
            mine.append(ours(bench, magnet, expected))
            if len(with_btfs) < bench.few(3):
                with_btfs.append(theirs_btfs(bench, magnet, expected))
            with_aria2.append(theirs_aria2(bench, magnet, expected))
    what = "time to first byte, magnet link"
    return [
        Line(what, mine, "s", 2, target="≤ 1 s", at_most=1),
        Line(
            what, mine, "s", 2, beside="btfs", theirs=with_btfs, compared=ratios(mine, with_btfs),
            target="≤ 1", at_most=1,
        ),
        Line(
            what, mine, "s", 2, beside="aria2, in order", theirs=with_aria2,
            compared=ratios(mine, with_aria2), target="≤ 1", at_most=1,
        ),
    ]
