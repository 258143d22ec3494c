"""Seeding to libtorrent and to our own mount, against a libtorrent seeder."""

from .. import free_memory, libtorrent, processes
from ..table import Line, ratios
from .sequential import cold


def measure(bench):
    rates = {}
    costs = {}
    for _ in range(bench.rounds):
        for seeder in bench.libtorrent_seeder, bench.swarmfs_seeder:
            for leecher in "libtorrent", "swarmfs":
                with seeder() as (port, pid):
                    before = processes.cpu_seconds(pid)
                    if leecher == "libtorrent":
                        free_memory.touch(bench)
                        rate = libtorrent.download(bench, [port])
                    else:
                        rate = cold(bench, [port])[0]
                    seconds = processes.cpu_seconds(pid) - before
                key = (seeder.__name__, leecher)
                rates.setdefault(key, []).append(rate)
                costs.setdefault(key, []).append(seconds / bench.size * 1e9)
    lines = []
    for leecher in "libtorrent", "swarmfs":
        mine, other = ("swarmfs_seeder", leecher), ("libtorrent_seeder", leecher)
        lines += [
            Line(
                f"seeding, {leecher} downloads", rates[mine], "MB/s", beside="libtorrent seeds",
                theirs=rates[other], compared=ratios(rates[mine], rates[other]), target="≥ 1",
                at_least=1,
            ),
            Line(
                f"seeding, {leecher} downloads: CPU of the seeder", costs[mine], "s/GB", 2,
                beside="libtorrent seeds", theirs=costs[other],
                compared=ratios(costs[mine], costs[other]), target="≤ 1", at_most=1,
            ),
        ]
    return lines
