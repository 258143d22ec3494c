"""Peers of mixed quality: what trouble does to the longest read."""

from .. import reading
from ..table import Line, percentile

PEERS = 8
SET = "delay=40,rate=5000000"
# Ten times slower than the others.
SLOW = [f"--peer={k}:rate=500000" for k in range(4, 8)]
TROUBLE = ["--peer=0:stall=5@2", "--peer=1:death=4", "--peer=2:choke=1/3"]


def measure(bench):
    count, seconds = (20, 8) if bench.quick else (20, 10)
    longest, ordinary, cpu, peak = [], [], [], []

    def options(texts):
        return [part for text in texts for part in text.split("=", 1)]

    for number in range(bench.rounds):
        with bench.test_peers(PEERS, SET, *options(SLOW)) as ports:
            with bench.mount(ports) as mount:
                [idle] = bench.read(
                    mount.file, [reading.scattered(0, bench.size, number, count=count)], 30
                )
        with bench.test_peers(PEERS, SET, *options(SLOW + TROUBLE)) as ports:
            with bench.mount(ports) as mount:
                before = mount.cpu
                [troubled] = bench.read(
                    mount.file, [reading.scattered(0, bench.size, number)], seconds
                )
                cpu.append(mount.cpu - before)
                peak.append(mount.peak)
        ordinary.append(1000 * percentile(idle["latencies"], 0.9))
        worst = max(troubled["latencies"])
        if troubled["is_waiting"]:
            worst = max(worst, seconds - troubled["ends"][-1])
        longest.append(1000 * worst)
    return [Line(
        "peers of mixed quality: longest random 4 KiB read", longest, "ms",
        beside="p90 without trouble", theirs=ordinary,
        compared=[a / b for a, b in zip(longest, ordinary)], target="≤ 3", at_most=3, cpu=cpu,
        peak=peak,
        note=f"{PEERS} seeders, 40 ms, four with 5 MB/s and four with 0.5 MB/s; in {seconds} s one "
        "fast one stalls for 5 s, one dies, one chokes for 1 s every 3 s",
    )]
