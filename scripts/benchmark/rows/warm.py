"""What is in the cache already, against the same file on the native filesystem."""

import contextlib
import os

from .. import reading
from ..bench import MIB
from ..processes import Failed
from ..table import Line, ratios

# What a partly cached file lacks: more than the readahead goes past the last read.
HOLE = 128 * MIB
# A pass over a cached file is too short for the clock of a busy machine.
LEAST_SECONDS = 0.4


def repeatedly(count, ours, theirs, before=lambda: None):
    """Both sides in turns."""
    left, right = [], []
    for number in range(count):
        before()
        right.append(theirs(number))
        before()
        left.append(ours(number))
    return left, right


def compare(bench, mount, what, unit, target, function, before=lambda: None):
    """`function(path, round)` through the mount and natively."""
    start = mount.cpu
    ours, theirs = repeatedly(
        bench.rounds, lambda number: function(mount.file, number),
        lambda number: function(bench.source, number), before,
    )
    cpu = [(mount.cpu - start) / bench.rounds]
    return Line(
        what, ours, unit, beside="native", theirs=theirs, compared=ratios(ours, theirs),
        target=f"≥ {target}" if target else "", at_least=target, cpu=cpu,
    )


@contextlib.contextmanager
def filled(bench, cache, length):
    """A mount whose file is cached that far, without peers: the seeder that filled it has the
    native file mapped, and what is mapped the kernel does not drop."""
    with bench.test_peers(1, "delay=0") as ports, bench.mount(ports, cache) as mount:
        reading.sequential(mount.file, length)
    with bench.mount([], cache) as mount:
        yield mount


def complete(bench):
    with contextlib.ExitStack() as stack:
        cache = stack.enter_context(bench.kept("cache"))
        mount = stack.enter_context(filled(bench, cache, bench.size))
        mode = mount.settled_mode()
        target = 0.95 if mode == "passthrough" else 0.45
        copy = reading.largest_file(cache)

        def drop():
            reading.forget(bench.source, copy, mount.file)

        def sequential(path, _):
            return reading.rate(path, bench.size)

        def again(path, _):
            return reading.rate(path, bench.size, LEAST_SECONDS)

        def randomly(path, number):
            return reading.random_rate(path, bench.size, number, 0.5 if bench.quick else 1)

        seconds = 0.5 if bench.quick else 1
        os.sync()
        lines = [
            compare(
                bench, mount, "warm, complete file: sequential, caches dropped", "MB/s", target,
                sequential, drop,
            ),
            compare(
                bench, mount, f"warm, complete file: random 4 KiB for {seconds} s, caches dropped",
                "reads/s", target, randomly, drop,
            ),
        ]
        # The kernel keeps a file in large or small folios, as it was read or written, and small ones
        # take twice the time: both files are read into memory alike, from nothing.
        drop()
        reading.warm(bench.source)
        reading.warm(copy)
        lines += [
            compare(bench, mount, "warm, complete file: sequential", "MB/s", target, again),
            compare(
                bench, mount, "warm, complete file: random 4 KiB", "reads/s", target, randomly
            ),
        ]
        for line in lines:
            line.note = f"{mode} mode; CPU is our process's for one run, and should be none"
    return lines


def partly(bench):
    with contextlib.ExitStack() as stack:
        cache = stack.enter_context(bench.kept("cache"))
        length = bench.size - HOLE
        mount = stack.enter_context(filled(bench, cache, length))
        # Our process has to answer, from memory: only the kernel's own cache of the mount is dropped.
        reading.warm(bench.source)
        reading.warm(reading.largest_file(cache))

        def forget():
            reading.forget(mount.file)

        def randomly(path, number):
            return reading.random_rate(path, length, number, 0.5 if bench.quick else 1)

        first = compare(
            bench, mount, "warm, partly cached file: sequential", "MB/s", 0.45,
            lambda path, _: reading.rate(path, length), forget,
        )
        second = compare(
            bench, mount, "warm, partly cached file: random 4 KiB", "reads/s", None, randomly,
            forget,
        )
        second.target, second.at_least = "≥ 60000 reads/s", 60000
        second.compared, second.note = [], "native with the file in the kernel's cache"
        kept = compare(
            bench, mount, "warm, partly cached file: sequential, in the kernel's cache", "MB/s",
            0.45, lambda path, _: reading.rate(path, length, LEAST_SECONDS),
        )
        first.note = kept.note = (
            f"all but {HOLE // MIB} MiB of the file are cached; CPU is our process's for one run"
        )
        if mount.torrent["cached_bytes"] >= bench.size:
            raise Failed("the readahead has completed the file")
    return [first, kept, second]
