"""Many readers at once: none may starve."""

from .. import reading
from ..table import Line

PEERS, DELAY, RATE = 8, 40, 5_000_000
RANDOM, STREAMS = 16, 4


def measure(bench):
    seconds, settle = (6, 2) if bench.quick else (8, 2)
    shares = {"random": [], "stream": []}
    cpu, peak = [], []
    quarter = bench.size // 4
    with bench.test_peers(PEERS, f"delay={DELAY},rate={RATE}") as ports:
        for number in range(bench.rounds):
            plan = [reading.scattered(0, bench.size, RANDOM * number + k) for k in range(RANDOM)]
            plan += [reading.stream(k * quarter, (k + 1) * quarter) for k in range(STREAMS)]
            with bench.mount(ports) as mount:
                before = mount.cpu
                results = bench.read(mount.file, plan, seconds)
                cpu.append(mount.cpu - before)
                peak.append(mount.peak)
            for kind, chosen in ("random", results[:RANDOM]), ("stream", results[RANDOM:]):
                done = [sum(settle <= end for end in one["ends"]) for one in chosen]
                shares[kind].append(min(done) * len(done) / max(1, sum(done)))
    note = f"{PEERS} seeders, {DELAY} ms, 5 MB/s each; what each reader got between second "
    note += f"{settle} and {seconds}, {RANDOM} reading 4 KiB at random and {STREAMS} streaming"
    return [
        Line(
            f"{RANDOM} random readers and {STREAMS} streams: slowest {name} over the mean",
            shares[kind], "", 2, target="≥ 0.33", at_least=1 / 3, cpu=cpu, peak=peak, note=note,
        )
        for kind, name in (("random", "random reader"), ("stream", "stream"))
    ]
