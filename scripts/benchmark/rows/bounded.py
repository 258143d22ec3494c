"""The cache: what a restart costs, and reading more than it may hold."""

import os

from .. import reading
from ..bench import MIB
from ..processes import Failed, thread_cpu_seconds
from ..table import Line, ratios

# Of the data: eviction runs nearly all of the time.
SHARE = 8
# What syncs and tells the catalogue of pieces, and what evicts and tells it of that.
CATALOGUE_THREADS = ("commit", "evict")


def restart(bench):
    """Mounting what is cached in many small pieces, until the command returns."""
    torrent = bench.make_torrent(bench.source, "64KiB")
    seconds, cpu = [], []
    with bench.kept("cache") as cache:
        with bench.swarmfs_seeder(torrent) as (port, _):
            with bench.mount([port], cache, torrent) as mount:
                reading.sequential(mount.file, bench.size)
        for _ in range(bench.rounds):
            with bench.mount([], cache, torrent) as mount:
                seconds.append(mount.seconds)
                cpu.append(mount.cpu)
                pieces = mount.torrent["pieces_cached"]
                if pieces != mount.torrent["pieces"]:
                    raise Failed("not all is cached")
    return [
        Line(
            f"mounting again, {pieces} pieces cached", seconds, "s", 2, target="≤ 1 s", at_most=1,
            cpu=cpu, note="until the command returns; nothing is hashed",
        )
    ]


def evicting(bench):
    """Reading once through a cache that holds an eighth, against one without a limit."""
    limit = bench.size // SHARE
    limits = (["--cache-size", str(limit), "--cache-free", "0"], ["--cache-free", "0"])
    rates, cpu, catalogue, most = ([], []), [], ([], []), 0
    with bench.swarmfs_seeder() as (port, _):
        for _ in range(bench.rounds):
            for options, result, threads in zip(limits, rates, catalogue):
                with bench.kept("cache") as cache:
                    with bench.mount([port], cache, options=options) as mount:
                        start = mount.cpu
                        result.append(reading.rate(mount.file, bench.size))
                        threads.append(
                            thread_cpu_seconds(mount.pid, CATALOGUE_THREADS) * 1e9 / bench.size
                        )
                        if result is rates[0]:
                            cpu.append(mount.cpu - start)
                            most = max(most, used(cache))
                            if used(cache) > limit:
                                raise Failed("the cache is larger than its limit")
    return [
        Line(
            "sequential, the cache holds an eighth of the data", rates[0], "MB/s",
            beside="no limit", theirs=rates[1], compared=ratios(*rates), target="≥ 0.8",
            at_least=0.8, cpu=cpu, note=f"{most // MIB} of {limit // MIB} MiB on disk at the end",
        ),
        Line(
            "catalogue, CPU of its threads with eviction running", catalogue[0], "s/GB", 3,
            beside="no limit", theirs=catalogue[1],
        ),
    ]


def used(folder):
    """Bytes of real blocks."""
    return sum(
        os.lstat(os.path.join(path, name)).st_blocks * 512
        for path, _, names in os.walk(folder) for name in names
    )
