"""A whole file in order, through a new mount with an empty cache."""

import contextlib

from .. import btfs, free_memory, libtorrent, reading
from ..bench import MIB
from ..table import Line, ratios

BTFS_BYTES = 32 * MIB


def cold(bench, ports):
    """MB/s, CPU seconds and peak memory of a mount that reads everything."""
    with bench.mount(ports) as mount:
        free_memory.touch(bench)
        before = mount.cpu
        rate = reading.rate(mount.file, bench.size)
        return rate, mount.cpu - before, mount.peak


def beside_libtorrent(bench, ports, what, target):
    ours, theirs, cpu, peak = [], [], [], []
    for _ in range(bench.rounds):
        free_memory.touch(bench)
        theirs.append(libtorrent.download(bench, ports))
        rate, seconds, memory = cold(bench, ports)
        ours.append(rate)
        cpu.append(seconds)
        peak.append(memory)
    return Line(
        what, ours, "MB/s", beside="libtorrent", theirs=theirs, compared=ratios(ours, theirs),
        target=f"≥ {target}", at_least=target, cpu=cpu, peak=peak,
        note="from the first byte to the last piece; libtorrent writes to disk; both sides with "
        "the same seeder, in turns, after free memory was touched (see free_memory.py)",
    )


def one_seeder(bench):
    lines = []
    with bench.libtorrent_seeder() as (port, _):
        lines.append(beside_libtorrent(bench, [port], "cold sequential, libtorrent seeds", 2.0))
    with bench.swarmfs_seeder() as (port, _):
        lines.append(beside_libtorrent(bench, [port], "cold sequential, swarmfs seeds", 2.0))
    peak = lines[0].peak
    theirs = []
    for _ in range(bench.few(3)):
        with btfs.dialled(bench) as file:
            theirs.append(reading.rate(file, min(bench.size, BTFS_BYTES)))
    ours = lines[0].ours
    lines.append(Line(
        "cold sequential, libtorrent seeds", ours, "MB/s", beside="btfs", theirs=theirs,
        compared=ratios(ours, theirs), target="≥ 20", at_least=20,
        note=f"btfs reads the first {min(bench.size, BTFS_BYTES) // MIB} MiB only",
    ))
    lines.append(Line(
        "memory, peak of a cold stream", peak, "MiB", 1, target="≤ 120 MiB", at_most=120,
        note="VmHWM of the mount's process in the first line's runs",
    ))
    return lines


def four_seeders(bench):
    with contextlib.ExitStack() as stack:
        ports = [stack.enter_context(bench.libtorrent_seeder())[0] for _ in range(4)]
        lines = [beside_libtorrent(bench, ports, "cold sequential, 4 libtorrent seeds", 1.5)]
    # Seeders that cost least leave most of the machine to the leecher.
    with bench.test_peers(4, "delay=0") as ports:
        lines.append(beside_libtorrent(bench, ports, "cold sequential, 4 test peers", 1.5))
    return lines
