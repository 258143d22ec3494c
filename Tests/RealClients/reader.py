"""Readers of a mounted file as a user's script would be one.

    reader.py interruptible FILE        reads with a SIGINT handler; says "interrupted"
    reader.py crowd FILE COUNT LENGTH   COUNT threads read LENGTH bytes each at spread offsets
    reader.py mmap FILE SOURCE SEED     compares random slices of two mappings, private and shared
    reader.py memmap FILE SOURCE SEED   the same through numpy.memmap
    reader.py digest FILE               sha256 of the whole file, by read()
"""

import hashlib
import mmap
import os
import random
import sys
import threading


def say(text):
    # One system call a line: threads must not write into each other's.
    os.write(sys.stdout.fileno(), f"{text}\n".encode())


def interruptible(path):
    try:
        with open(path, "rb", buffering=0) as file:
            say("reading")
            data = file.read(65536)
        say(f"read {len(data)}")
    except KeyboardInterrupt:
        say("interrupted")
    except OSError as error:
        say(f"failed {error.errno}")


def crowd(path, count, length):
    count, length = int(count), int(length)
    descriptor = os.open(path, os.O_RDONLY)
    size = os.fstat(descriptor).st_size
    started = threading.Barrier(count + 1)

    def read(index):
        started.wait()
        try:
            data = os.pread(descriptor, length, size * index // count // 4096 * 4096)
            say(f"read {index} {len(data)}")
        except OSError as error:
            say(f"failed {index} {error.errno}")

    threads = [threading.Thread(target=read, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    started.wait()
    say("reading")
    for thread in threads:
        thread.join()
    say("done")


def mapped(path, source, seed):
    generator = random.Random(int(seed))
    with open(path, "rb") as file, open(source, "rb") as original:
        expected = original.read()
        for flags in (mmap.MAP_SHARED, mmap.MAP_PRIVATE):
            with mmap.mmap(file.fileno(), 0, flags=flags, prot=mmap.PROT_READ) as mapping:
                assert len(mapping) == len(expected), "length"
                for _ in range(200):
                    start = generator.randrange(len(expected))
                    end = min(len(expected), start + generator.randrange(1, 100_000))
                    assert mapping[start:end] == expected[start:end], f"bytes at {start}..<{end}"
    say("equal")


def memory_mapped_array(path, source, seed):
    import numpy

    generator = numpy.random.default_rng(int(seed))
    array = numpy.memmap(path, dtype=numpy.uint8, mode="r")
    expected = numpy.fromfile(source, dtype=numpy.uint8)
    assert array.shape == expected.shape, "shape"
    places = generator.integers(0, len(expected), 20_000)
    assert (array[places] == expected[places]).all(), "gathered bytes"
    assert int(array.astype(numpy.uint64).sum()) == int(expected.astype(numpy.uint64).sum())
    say("equal")


def digest(path):
    with open(path, "rb") as file:
        say(hashlib.file_digest(file, "sha256").hexdigest())


modes = {
    "interruptible": interruptible,
    "crowd": crowd,
    "mmap": mapped,
    "memmap": memory_mapped_array,
    "digest": digest,
}
modes[sys.argv[1]](*sys.argv[2:])
