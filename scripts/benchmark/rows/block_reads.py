"""4 KiB at random places of a new mount of a hybrid torrent with large pieces: each costs a block."""

import contextlib

from .. import reading
from ..bench import PROXY
from ..processes import Failed
from ..table import Line
from .random_reads import milliseconds

PEERS = 8
DELAY = 50
KIB = 1024


@contextlib.contextmanager
def ours(bench, torrent):
    with bench.test_peers(PEERS, f"delay={DELAY}", torrent=torrent) as ports:
        yield ports, None


@contextlib.contextmanager
def libtorrent(bench, torrent):
    with contextlib.ExitStack() as stack:
        seeders = [
            # One that has not checked its data refuses leaves until it has sent a block of the
            # piece, which costs a second round trip.
            stack.enter_context(bench.libtorrent_seeder(torrent, None, "--check"))[0]
            for _ in range(PEERS)
        ]
        proxy = stack.enter_context(bench.script([*PROXY, DELAY, *seeders]))
        yield proxy.wait("listening")["ports"], proxy


def passed(proxy):
    proxy.say("")
    return proxy.wait("passed")["bytes"]


def measure_one(bench, piece, name, seeders):
    torrent = bench.make_torrent(bench.source, piece, format="hybrid")
    count = 10 if bench.quick else 40
    medians, moved, cpu, peak = [], [], [], []
    with seeders(bench, torrent) as (ports, proxy):
        for number in range(bench.few(3)):
            with bench.mount(ports, torrent=torrent) as mount:
                before = mount.cpu
                start = passed(proxy) if proxy else mount.torrent["downloaded"]
                [result] = bench.read(
                    mount.file, [reading.scattered(0, bench.size, number, count=count)]
                )
                if len(result["latencies"]) < count:
                    raise Failed("reads do not end")
                end = passed(proxy) if proxy else mount.torrent["downloaded"]
                medians.append(milliseconds(result["latencies"], 0.5))
                moved.append((end - start) / count / KIB)
                cpu.append(mount.cpu - before)
                peak.append(mount.peak)
    note = f"{PEERS} seeders of {name}, {DELAY} ms; hybrid torrent; {count} reads a run"
    what = "all that the seeders sent" if proxy else "payload; the leaves add 0.7 KiB"
    return [
        Line(
            f"cold random 4 KiB, pieces of {piece}, {name}: p50", medians, "ms",
            target=f"≤ {DELAY + 15} ms", at_most=DELAY + 15, cpu=cpu, peak=peak, note=note,
        ),
        Line(
            "the same: moved a read", moved, "KiB", target="≤ 24 KiB", at_most=24,
            note=f"{note}; {what}",
        ),
    ]


def measure(bench):
    lines = []
    for piece in ["4MiB", "16MiB"]:
        lines += measure_one(bench, piece, "ours", ours)
        lines += measure_one(bench, piece, "libtorrent's", libtorrent)
    return lines
