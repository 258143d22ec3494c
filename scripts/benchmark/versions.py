"""Exactly what is compared."""

import os
import platform
import subprocess

from .bench import PYTHON


def first_line(command, containing=""):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return f"no {command[0]}"
    lines = (done.stdout + done.stderr).strip().split("\n")
    return next((line for line in lines if containing in line), lines[0]).strip()


def commit(root):
    described = first_line(["git", "-C", root, "describe", "--always", "--dirty"])
    return "" if described.startswith("fatal") else f" ({described})"


def processor():
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def describe(bench, root):
    libtorrent = first_line([PYTHON, "-c", "import libtorrent; print(libtorrent.__version__)"])
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / (1 << 30)
    disk = first_line(["findmnt", "-no", "FSTYPE", "--target", str(bench.work)])
    tracker = first_line(["dpkg-query", "--show", "--showformat=${Version}", "opentracker"])
    return ", ".join([
        first_line([bench.swarmfs, "--version"]) + commit(root), f"libtorrent {libtorrent}",
        first_line(["btfs", "--version"], "btfs"), first_line(["aria2c", "--version"]),
        f"opentracker {tracker}", f"Linux {platform.release()}", f"{disk} as native filesystem",
        f"{os.cpu_count()} cores ({processor()})", f"{memory:.0f} GiB",
    ])
