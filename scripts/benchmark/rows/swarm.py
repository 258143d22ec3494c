"""Clients that read the same data in order at the same time, from one slow seed and each other."""

import contextlib
import json
import random
import time

from .. import processes, reading
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
    ours, theirs = [], []
    for _ in range(bench.few(3)):
        ours.append(one_round(bench, torrent, path, mounts))
        theirs.append(one_round(bench, torrent, path, libtorrent("rarest")))
    in_order = one_round(bench, torrent, path, libtorrent("sequential"))
    note = (
        f"on the wire, headers and all; libtorrent in order: {in_order[0] / size:.2f} x sent, "
        f"{in_order[1] * RATE / size:.2f} x the ideal"
    )
    beside = "libtorrent, rarest first"
    what = f"{CLIENTS} read the same {size // 1_000_000} MB from one seed of 10 MB/s: "
    return [
        Line(
            what + "bytes that the seed sends", [sent / size for sent, _ in ours], "x", 2, beside,
            [sent / size for sent, _ in theirs], target="≤ 1.3 x the data", at_most=1.3, note=note,
        ),
        Line(
            what + "until the last is done", [time * RATE / size for _, time in ours], "x", 2,
            beside, [time * RATE / size for _, time in theirs], target="≤ 1.3 x the ideal",
            at_most=1.3,
        ),
    ]


def one_round(bench, torrent, path, readers):
    """Bytes that the seed sent, and seconds until the last reader was done."""
    with contextlib.ExitStack() as stack:
        origin, *clients = stack.enter_context(machines(CLIENTS + 1))
        origin.cap(RATE)
        command = [*LIBTORRENT, "seed", torrent, path.parent, f"{origin.address}:{PORT}"]
        stack.enter_context(bench.script(origin.inside(command))).wait("listening")
        begin = readers(bench, stack, torrent, path, origin, clients)
        before = origin.sent
        seconds = begin()
        return origin.sent - before, seconds


def mounts(bench, stack, torrent, path, origin, clients):
    """Mounts of ours, each read by a program of its own."""
    places = []
    for number, machine in enumerate(clients):
        mountpoint = bench.folder("mnt")
        cache = stack.enter_context(bench.kept("cache"))
        command = [bench.swarmfs, "mount", torrent, mountpoint, "--cache", cache]
        command += ["--listen", f"{machine.address}:{PORT}", "--no-lsd", "--no-port-mapping"]
        for other in [origin, *clients[:number]]:
            command += ["--peer", f"{other.address}:{PORT}"]
        bench.mounted.add(mountpoint)
        stack.callback(bench.unmount, mountpoint)
        processes.run(machine.inside(command), 30, env=bench.environment)
        places.append(mountpoint)
    for place in places:
        processes.wait_for(
            "the mounts to find each other",
            lambda: bench.status(place)["torrents"][0]["peers"] >= len(clients),
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


def libtorrent(mode):
    def connect(bench, stack, torrent, path, origin, clients):
        scripts = []
        for number, machine in enumerate(clients):
            folder = stack.enter_context(bench.kept("download"))
            command = [*LIBTORRENT, mode, torrent, folder, f"{machine.address}:{PORT}"]
            command += [f"{other.address}:{PORT}" for other in [origin, *clients[:number]]]
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
