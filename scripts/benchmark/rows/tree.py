"""A torrent of many small files: listing it, against the same files on the native filesystem."""

import contextlib
import os
import subprocess
import time

from ..processes import Failed, run
from ..table import Line, ratios

COMMANDS = {"ls -lR": ["ls", "-lR"], "find": ["find"], "du": ["du", "-s"]}
PER_FOLDER = 100
# Room for the files, of which most is never written.
IMAGE_BYTES, IMAGE_FILES = 2 << 30, 200_000
COLD = {
    True: "cold: a new mount on both sides; what it reads of the ext4 is in memory",
    False: "cold: a new mount of ours; the native files are warm, since only root can mount them",
}


def grow(folder, count):
    """Small files, a hundred to a folder, a hundred folders to a folder."""
    for number in range(count):
        parent = folder / f"part-{number // PER_FOLDER // 100:03}" / f"set-{number // PER_FOLDER:05}"
        if number % PER_FOLDER == 0:
            parent.mkdir(parents=True)
        (parent / f"sample-{number:06}.txt").write_text(f"{number}\n")


def timed(command, path):
    """Seconds that a command takes for a tree."""
    start = time.perf_counter()
    # A status other than zero has been told on standard error.
    subprocess.run(
        [*command, path], stdout=subprocess.DEVNULL, check=True, timeout=60,
        env={**os.environ, "LC_ALL": "C"},
    )
    return time.perf_counter() - start


class Native:
    """A folder to compare with: an ext4 of its own where only root can have one, which can be
    mounted anew, and is gone at once where removing files takes the disk minutes."""

    def __init__(self, bench, stack):
        self.path = stack.enter_context(bench.kept("tree"))
        self.image = stack.enter_context(bench.kept("image")) / "ext4"
        self.is_mounted = False
        try:
            with open(self.image, "wb") as file:
                file.truncate(IMAGE_BYTES)
            run(["mkfs.ext4", "-q", "-N", IMAGE_FILES, self.image])
            self.mount()
        except (Failed, OSError):
            return
        bench.mounted.add(self.path)
        stack.callback(bench.mounted.discard, self.path)
        stack.callback(bench.force_unmount, self.path)

    def mount(self):
        run(["mount", "-o", "loop", self.image, self.path])
        self.is_mounted = True

    def forget(self):
        """The kernel forgets inodes and names, though not the blocks of the image."""
        if self.is_mounted:
            run(["umount", self.path])
            self.mount()


def measure(bench):
    count = 10_000 if bench.quick else 100_000
    seconds = {}
    mounts, cpu, peak = [], [], []
    with contextlib.ExitStack() as stack:
        disk = Native(bench, stack)
        native = disk.path / "tree"
        native.mkdir()
        grow(native, count)
        torrent = bench.make_torrent(native, "1MiB")
        cache = stack.enter_context(bench.kept("cache"))
        for _ in range(bench.rounds):
            for name, command in COMMANDS.items():
                def note(side, state, path):
                    seconds.setdefault((name, side, state), []).append(timed(command, path))

                disk.forget()
                note("native", "cold", native)
                note("native", "warm", native)
                with bench.mount([], cache, torrent) as mount:
                    if name == "ls -lR":
                        mounts.append(mount.seconds)
                    before = mount.cpu
                    note("ours", "cold", mount.path)
                    note("ours", "warm", mount.path)
                    if name == "ls -lR":
                        cpu.append(mount.cpu - before)
                        peak.append(mount.peak)
    lines = [Line(
        f"mount of a torrent of {count:,} files", mounts, "s", 2, target="≤ 1 s", at_most=1,
        peak=peak, cpu=cpu, note="CPU and memory of our process with the two runs of ls -lR",
    )]
    for state in "cold", "warm":
        for name in COMMANDS:
            ours, theirs = seconds[name, "ours", state], seconds[name, "native", state]
            lines.append(Line(
                f"{name} of {count:,} files, {state}", ours, "s", 2, beside="native",
                theirs=theirs, compared=ratios(ours, theirs),
                target="≤ 3" if state == "warm" else "", at_most=3 if state == "warm" else None,
                note=COLD[disk.is_mounted] if state == "cold" else "",
            ))
    return lines
