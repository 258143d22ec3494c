"""What many waiting reads of large pieces hold in memory."""

from .. import reading
from ..bench import MIB
from ..table import Line

READS, PIECE = 200, 16 * MIB


def waiting_reads(bench):
    peaks, cpu = [], []
    seconds = 6 if bench.quick else 8
    with bench.kept("large") as folder:
        data = folder / "large.bin"
        # Holes: what the pieces hold does not matter here, and takes no room.
        with open(data, "wb") as file:
            file.truncate(READS * PIECE)
        torrent = bench.make_torrent(data, "16MiB")
        plan = [
            reading.scattered(k * PIECE, (k + 1) * PIECE, k, count=1) for k in range(READS)
        ]
        with bench.test_peers(8, "delay=20,rate=2000000", torrent=torrent, data=data) as ports:
            for _ in range(bench.rounds):
                with bench.mount(ports, torrent=torrent) as mount:
                    before = mount.cpu
                    bench.read(mount.path / data.name, plan, seconds)
                    peaks.append(mount.peak)
                    cpu.append(mount.cpu - before)
    return [Line(
        f"memory, peak with {READS} waiting reads in 16 MiB pieces", peaks, "MiB", 1,
        target="≤ 120 MiB", at_most=120, cpu=cpu,
        note=f"each read in a piece of its own; 8 seeders of 2 MB/s; after {seconds} s",
    )]
