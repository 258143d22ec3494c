"""A whole file in order from peers that are slower than the machine."""

from .. import reading
from ..table import Line

PEERS, DELAY, RATE = 8, 20, 5_000_000


def measure(bench):
    shares, cpu, peak = [], [], []
    seconds = 5 if bench.quick else 6
    with bench.test_peers(PEERS, f"delay={DELAY},rate={RATE}") as ports:
        for _ in range(bench.rounds):
            with bench.mount(ports) as mount:
                before = mount.cpu
                [result] = bench.read(mount.file, [reading.stream(0, bench.size)], seconds)
                cpu.append(mount.cpu - before)
                peak.append(mount.peak)
            shares.append(100 * reading.rate_between(result, 1) / (PEERS * RATE))
    return [Line(
        f"cold, rate-limited: {PEERS} seeders, {DELAY} ms, 5 MB/s", shares, "% of the sum", 1,
        target="≥ 95 %", at_least=95, cpu=cpu, peak=peak,
        note=f"a read of {seconds} s, from its second second on; file data only, of links that "
        "carry the protocol's bytes too",
    )]
