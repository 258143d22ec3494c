"""4 KiB at random places of a new mount, one at a time: each costs a piece."""

from .. import libtorrent, reading
from ..table import Line, percentile

PEERS = 8
# Seconds in which a program works on what it has read.
PAUSE = 0.2


def milliseconds(latencies, share):
    return 1000 * percentile(latencies, share)


def idle(bench):
    delay, rate = 50, 5_000_000
    ideal = delay + 1000 * (1 << 20) / (PEERS * rate)
    count = 15 if bench.quick else 40
    ours, theirs, cpu, peak = [], [], [], []
    with bench.test_peers(PEERS, f"delay={delay},rate={rate}") as ports:
        for number in range(bench.rounds):
            with bench.mount(ports) as mount:
                before = mount.cpu
                [result] = bench.read(
                    mount.file, [reading.scattered(0, bench.size, number, count=count)]
                )
                ours.append(result["latencies"])
                cpu.append(mount.cpu - before)
                peak.append(mount.peak)
        for number in range(bench.few(3)):
            result = libtorrent.random_reads(bench, ports, count // 2, number)
            theirs.append(result["latencies"])

    def line(name, share, target):
        return Line(
            f"cold random 4 KiB, idle: {name}", [milliseconds(one, share) for one in ours], "ms",
            beside="libtorrent", theirs=[milliseconds(one, share) for one in theirs],
            target=f"≤ {target} ms", at_most=target, cpu=cpu, peak=peak,
            note=f"{PEERS} seeders, {delay} ms, 5 MB/s each; ideal {ideal:.0f} ms; {count} reads a "
            f"run; libtorrent by set_piece_deadline, {count // 2} reads a run",
        )

    return [line("p50", 0.5, 95), line("p90", 0.9, 115)]


def beside_a_stream(bench):
    delay, rate = 40, 1_000_000
    count, few = (10, 4) if bench.quick else (15, 8)
    half = bench.size // 2
    # The stream has so long to settle, and then to show what it has alone.
    settle, begin = 2, 5 if bench.quick else 6
    ours, kept, cpu, peak = [], [], [], []

    def run(ports, number, pause):
        """Latencies of the reads, and what share of its rate the stream keeps."""
        with bench.mount(ports) as mount:
            before = mount.cpu
            stream, reads = bench.read(mount.file, [
                reading.stream(0, half),
                reading.scattered(
                    half, bench.size, number, count=count, start=begin, pause=pause
                ),
            ])
            cpu.append(mount.cpu - before)
            peak.append(mount.peak)
        alone = reading.rate_between(stream, settle, begin)
        return reads["latencies"], 100 * reading.rate_between(stream, begin) / alone

    with bench.test_peers(PEERS, f"delay={delay},rate={rate}") as ports:
        for number in range(bench.rounds):
            latencies, share = run(ports, number, 0)
            ours.append(milliseconds(latencies, 0.5))
            kept.append(share)
        paused = [run(ports, number, PAUSE)[1] for number in range(bench.few(2))]
        results = [
            libtorrent.random_reads(bench, ports, few, number, stream=16)
            for number in range(bench.few(2))
        ]
    note = f"{PEERS} seeders, {delay} ms, 1 MB/s each; {count} reads a run; libtorrent by "
    note += f"set_piece_deadline with 16 pieces ahead for the stream, {few} reads a run"
    most = 100 - 100 * (1 << 20) / 0.4 / (PEERS * rate)
    return [
        Line(
            "cold random 4 KiB beside a stream: p50", ours, "ms", beside="libtorrent",
            theirs=[milliseconds(one["latencies"], 0.5) for one in results],
            target="≤ 400 ms", at_most=400, cpu=cpu, peak=peak, note=note,
        ),
        Line(
            "the stream keeps of its rate, reads back to back", kept, "%", beside="libtorrent",
            theirs=[100 * one["together"] / one["alone"] for one in results if one["alone"]],
            target="≥ 70 %", at_least=70,
            note=f"{note}; a piece of 1 MiB every 400 ms leaves the stream {most:.0f} %",
        ),
        Line(
            f"the stream keeps of its rate, {PAUSE} s between reads", paused, "%",
            target="≥ 70 %", at_least=70, note=note,
        ),
    ]
