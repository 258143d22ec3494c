"""A whole file in order from an HTTP server, without a peer."""

import time

from .. import free_memory, nginx, reading
from ..processes import run
from ..table import Line, ratios


def curl(bench, url):
    """MB/s of curl from the same server to the same disk."""
    with bench.kept("curl") as folder:
        start = time.monotonic()
        run(["curl", "-s", "-f", "-o", folder / "data", url], 120)
        return bench.size / (time.monotonic() - start) / 1e6


def measure(bench):
    ours, theirs, cpu, peak = [], [], [], []
    with nginx.serving(bench, bench.source.parent) as url:
        for _ in range(bench.rounds):
            free_memory.touch(bench)
            theirs.append(curl(bench, url + bench.source.name))
            with bench.mount([], options=["--webseed", url]) as mount:
                free_memory.touch(bench)
                before = mount.cpu
                ours.append(reading.rate(mount.file, bench.size))
                cpu.append(mount.cpu - before)
                peak.append(mount.peak)
    return [Line(
        "cold sequential, nginx alone", ours, "MB/s", beside="curl", theirs=theirs,
        compared=ratios(ours, theirs), cpu=cpu, peak=peak,
        note="curl writes to disk what it gets, and verifies nothing; ours reads through the mount "
        "what was verified",
    )]
