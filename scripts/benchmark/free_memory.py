"""Free memory that the host of a virtual machine has taken back."""

import mmap

from .bench import MIB

# Of the free memory left alone, so that nothing is reclaimed for what is free anyway.
SPARE = 512 * MIB
# What a run fills beside the data: buffers and sockets of both programs.
BESIDE = 256 * MIB


def touch(bench):
    """Has the host give the machine the pages that a run is about to fill, before its clock starts.

    Where a host takes back what a virtual machine has free, each page costs a visit to the host when
    it is used again: measured, a GiB took 3.7 s then, and 0.55 s right after. A cold read fills new
    pages with all that it reads, as a download to disk does, so without this step a run measures
    what was free before it: the same binary made 319 to 894 MB/s. Before each run of a cold row, on
    both sides alike, as much as a run fills is taken and given back; elsewhere that is a moment.
    """
    length = min(bench.size + BESIDE, free() - SPARE)
    if length > 0:
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE
        mmap.mmap(-1, length, flags=flags).close()


def free():
    """Bytes that nobody uses, not even the page cache."""
    with open("/proc/meminfo") as lines:
        line = next(line for line in lines if line.startswith("MemFree"))
    return int(line.split()[1]) * 1024
