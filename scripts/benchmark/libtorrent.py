"""libtorrent beside us."""

from .bench import LIBTORRENT


def download(bench, ports, torrent=None):
    """Bytes a second from the first byte to the last verified piece, written to disk."""
    torrent = torrent or bench.torrent
    with bench.kept("download") as folder:
        with bench.script([*LIBTORRENT, "download", torrent, folder, *map(str, ports)]) as script:
            seconds = script.wait("finished", 120)["seconds"]
    return bench.size / seconds / 1e6


def random_reads(bench, ports, count, seed, stream=0):
    """Pieces at random places by deadline, and a stream by deadlines beside it."""
    with bench.kept("download") as folder:
        command = [*LIBTORRENT, "random", bench.torrent, folder, str(count), str(seed), str(stream)]
        with bench.script(command + [str(port) for port in ports]) as script:
            return script.wait("finished", 150)
