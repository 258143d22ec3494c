"""Torrents of very many small files: what a mount of a million costs, and reading some of them all."""

import contextlib
import hashlib
import os
import time

from ..bench import MIB
from ..processes import Failed
from ..table import Line

LENGTH = 20_000
PER_FOLDER = 1000


def path_of(number):
    """The folder and the name of a file."""
    return f"part-{number // PER_FOLDER:04}", f"sample-{number:07}.bin"


def write_torrent(path, count):
    """The torrent of files whose contents nobody has: mounting it needs none."""
    size = count * LENGTH
    pieces = b"".join(
        hashlib.sha1(number.to_bytes(8, "big")).digest() for number in range(-(-size // MIB))
    )
    with open(path, "wb") as file:
        file.write(b"d4:infod5:filesl")
        for number in range(count):
            folder, name = (part.encode() for part in path_of(number))
            file.write(b"d6:lengthi%de4:pathl%d:%s%d:%see" % (
                LENGTH, len(folder), folder, len(name), name
            ))
        file.write(b"e4:name5:small12:piece lengthi%de6:pieces%d:" % (MIB, len(pieces)))
        file.write(pieces + b"ee")


def write_files(folder, count):
    contents = os.urandom(LENGTH)
    for number in range(count):
        part, name = path_of(number)
        if number % PER_FOLDER == 0:
            (folder / part).mkdir()
        (folder / part / name).write_bytes(number.to_bytes(8, "big") + contents[8:])


def read_all(root, count):
    """Seconds, and the bytes."""
    start, total = time.perf_counter(), 0
    for number in range(count):
        with open(os.path.join(root, *path_of(number)), "rb", buffering=0) as file:
            total += len(file.readall())
    if total != count * LENGTH:
        raise Failed(f"the files gave {total} bytes")
    return time.perf_counter() - start


def inodes(folder):
    return sum(1 + len(names) for _, _, names in os.walk(folder))


def measure(bench):
    many, some = (100_000, 5_000) if bench.quick else (1_000_000, 10_000)
    mounts, peaks, cold, warm, cpu, used = [], [], [], [], [], 0
    with contextlib.ExitStack() as stack:
        work = stack.enter_context(bench.kept("small-files"))
        write_torrent(work / "many.torrent", many)
        data = work / "small"
        data.mkdir()
        write_files(data, some)
        torrent = bench.make_torrent(data, "1MiB")
        cache = stack.enter_context(bench.kept("cache"))
        for _ in range(bench.few(2)):
            with bench.mount([], cache, work / "many.torrent") as mount:
                mounts.append(mount.seconds)
                peaks.append(mount.peak)
        port, _ = stack.enter_context(bench.swarmfs_seeder(torrent, data))
        for _ in range(bench.few(2)):
            with bench.kept("cache") as cache:
                with bench.mount([port], cache, torrent) as mount:
                    before = mount.cpu
                    cold.append(some / read_all(mount.path / "small", some))
                    cpu.append(mount.cpu - before)
                with bench.mount([], cache, torrent) as mount:
                    warm.append(some / read_all(mount.path / "small", some))
                used = inodes(cache)
    size = f"{LENGTH // 1000} KB"
    return [
        Line(
            f"mount of a torrent of {many:,} files of {size}", mounts, "s", 2, target="≤ 5 s",
            at_most=5, peak=peaks, note="until the command returns",
        ),
        Line(
            f"reading {some:,} files of {size}, cold", cold, "files/s", cpu=cpu,
            note=f"one after the other from one seeder of ours; {used} inodes in the cache then",
        ),
        Line(f"reading {some:,} files of {size}, cached", warm, "files/s"),
    ]
