"""Clients that read the same data in order at the same time, from one slow origin and each other."""

import contextlib
import json
import random
import time

from .. import nginx, processes, reading
from ..bench import PYTHON, READERS, ROOT
from ..network import machines
from ..table import Line

CLIENTS, RATE = 8, 10_000_000
PORT = 6881
LIBTORRENT = [PYTHON, ROOT / "scripts/benchmark/programs/libtorrent_swarm.py"]


def measure(bench):
    size = (60 if bench.quick else 200) * 1_000_000
    path = bench.work / "swarm" / "data.bin"
    if not path.exists():
        path.parent.mkdir()
        generator = random.Random(2)
        with open(path, "wb") as file:
            for _ in range(size // 1_000_000):
                file.write(generator.randbytes(1_000_000))
    torrent = bench.make_torrent(path, "256KiB")
    lines = []
    for origin, serve, rounds in (("seed", libtorrent_seed, 2), ("web seed", web_seed, 1)):
        ours, theirs = [], []
        for _ in range(bench.few(rounds)):
            ours.append(one_round(bench, torrent, path, serve, mounts))
            theirs.append(one_round(bench, torrent, path, serve, libtorrent("rarest")))
        what = f"{CLIENTS} read the same {size // 1_000_000} MB from one {origin} of 10 MB/s: "
        beside = "libtorrent, rarest first"
        lines += [
            Line(
                what + f"bytes that the {origin} sends", [sent / size for sent, _ in ours], "x", 2,
                beside, [sent / size for sent, _ in theirs], target="≤ 1.3 x the data",
                at_most=1.3, note="on the wire, headers and all",
            ),
            Line(
                what + "until the last is done", [time * RATE / size for _, time in ours], "x", 2,
                beside, [time * RATE / size for _, time in theirs], target="≤ 1.3 x the ideal",
                at_most=1.3,
            ),
        ]
    return lines


def one_round(bench, torrent, path, serve, readers):
    """Bytes that the origin sent, and seconds until the last reader was done."""
    with contextlib.ExitStack() as stack:
        origin, *clients = stack.enter_context(machines(CLIENTS + 1))
        origin.cap(RATE)
        source = stack.enter_context(serve(bench, torrent, path, origin))
        begin = readers(bench, stack, torrent, path, source, clients)
        before = origin.sent
        seconds = begin()
        return origin.sent - before, seconds


@contextlib.contextmanager
def libtorrent_seed(bench, torrent, path, machine):
    address = f"{machine.address}:{PORT}"
    command = [*LIBTORRENT, "seed", torrent, path.parent, address]
    with bench.script(machine.inside(command)) as script:
        script.wait("listening")
        yield address


@contextlib.contextmanager
def web_seed(bench, torrent, path, machine):
    with nginx.serving(bench, path.parent, machine) as url:
        yield url


def mounts(bench, stack, torrent, path, source, clients):
    """Mounts of ours, each read by a program of its own."""
    places = []
    for number, machine in enumerate(clients):
        mountpoint = bench.folder("mnt")
        cache = stack.enter_context(bench.kept("cache"))
        command = [bench.swarmfs, "mount", torrent, mountpoint, "--cache", cache]
        command += ["--listen", f"{machine.address}:{PORT}", "--no-lsd", "--no-port-mapping"]
        command += ["--webseed" if is_server(source) else "--peer", source]
        for other in clients[:number]:
            command += ["--peer", f"{other.address}:{PORT}"]
        bench.mounted.add(mountpoint)
        stack.callback(bench.unmount, mountpoint)
        processes.run(machine.inside(command), 30, env=bench.environment)
        places.append(mountpoint)
    peer_count = len(clients) - 1 if is_server(source) else len(clients)
    for place in places:
        processes.wait_for(
            "the mounts to find each other",
            lambda: bench.status(place)["torrents"][0]["peers"] >= peer_count,
        )
    size = path.stat().st_size
    plan = [{"path": str(place / path.name), "readers": [reading.stream(0, size)], "seconds": 240}
            for place in places]

    def begin():
        start = time.monotonic()
        scripts = [
            stack.enter_context(bench.script([*READERS, json.dumps(one)])) for one in plan
        ]
        for script in scripts:
            script.wait("finished", 270)
        return time.monotonic() - start

    return begin


def is_server(source):
    return source.startswith("http:")


def libtorrent(mode):
    def connect(bench, stack, torrent, path, source, clients):
        scripts = []
        for number, machine in enumerate(clients):
            folder = stack.enter_context(bench.kept("download"))
            command = [*LIBTORRENT, mode, torrent, folder, f"{machine.address}:{PORT}"]
            command += [source, *(f"{other.address}:{PORT}" for other in clients[:number])]
            scripts.append(stack.enter_context(bench.script(machine.inside(command))))
        for script in scripts:
            script.wait("listening")
        for script in scripts:
            script.say("connect")
            script.wait("ready")

        def begin():
            start = time.monotonic()
            for script in scripts:
                script.say("begin")
            for script in scripts:
                script.wait("finished", 270)
            return time.monotonic() - start

        return begin

    return connect
