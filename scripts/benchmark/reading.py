"""Reading files here and now, and making the kernel forget them."""

import os
import pathlib
import random
import time

from .processes import Failed, run

MIB = 1 << 20
# How often the kernel is asked to forget a file.
FORGETTING = 40
# Random reads in one go.
MOST_PLACES = 1 << 18


def sequential(path, length, chunk=MIB):
    """Seconds to read the first `length` bytes in order."""
    buffer = memoryview(bytearray(chunk))
    start = time.perf_counter()
    total = 0
    with open(path, "rb", buffering=0) as file:
        while total < length and (count := file.readinto(buffer[: length - total])):
            total += count
    seconds = time.perf_counter() - start
    if total != length:
        raise Failed(f"{path} gave {total} bytes, not {length}")
    return seconds


def rate(path, length, seconds=0):
    """MB/s in order; the whole again until `seconds` have gone by."""
    passes, elapsed = 0, 0
    while passes == 0 or elapsed < seconds:
        elapsed += sequential(path, length)
        passes += 1
    return passes * length / elapsed / 1e6


def random_rate(path, size, seed, seconds=1.0, length=4096):
    """Reads a second at random places, no place twice."""
    places = random.Random(seed).sample(range(size // length), min(MOST_PLACES, size // length))
    descriptor = os.open(path, os.O_RDONLY)
    count = 0
    start = time.perf_counter()
    while (elapsed := time.perf_counter() - start) < seconds and count < len(places):
        for place in places[count : count + 64]:
            os.pread(descriptor, length, place * length)
        count = min(count + 64, len(places))
    os.close(descriptor)
    return count / elapsed


def forget(*paths):
    """Drops what the kernel has cached of files, once it is on the disk."""
    for path in paths:
        for _ in range(FORGETTING):
            descriptor = os.open(path, os.O_RDONLY)
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)
            # Pages that are on their way into its lists are left out, a moment later not.
            if resident(path) < os.path.getsize(path) / 100:
                break
            time.sleep(0.05)
        else:
            raise Failed(f"the kernel keeps {path} in memory")


def resident(path):
    """Bytes of a file in the kernel's memory."""
    return int(run(["fincore", "--bytes", "--noheadings", "--output", "RES", path]))


def warm(path):
    """Has the kernel read a file."""
    with open(path, "rb", buffering=0) as file:
        while file.read(8 * MIB):
            pass


def largest_file(folder):
    """The cache's copy of a torrent of one file."""
    return max(
        (path for path in pathlib.Path(folder).rglob("*") if path.is_file()),
        key=lambda path: path.stat().st_blocks,
    )


def stream(low, high):
    """A reader for readers.py that reads in order, as `cat` does."""
    return {"kind": "stream", "from": low, "to": high, "length": 128 * 1024}


def scattered(low, high, seed, **options):
    """A reader for readers.py of 4 KiB at random places."""
    return {"kind": "random", "from": low, "to": high, "seed": seed, "length": 4096, **options}


def rate_between(reader, start, end=float("inf")):
    """Bytes a second that a reader of readers.py got in a part of its time."""
    ends = [moment for moment in reader["ends"] if start <= moment <= end]
    if len(ends) < 2:
        return 0
    return (len(ends) - 1) * reader["length"] / (ends[-1] - ends[0])
