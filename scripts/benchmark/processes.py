"""Programs that a measurement starts, and what they cost. All of them end with the measurement."""

import contextlib
import json
import os
import pathlib
import select
import signal
import socket
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")
# What is still running: ended in any case, also when a row is out of time.
running = set()


class Failed(Exception):
    """A measurement that cannot be made."""


def start(command, **options):
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("stdout", subprocess.DEVNULL)
    process = subprocess.Popen([str(part) for part in command], **options)
    running.add(process)
    return process


def end(process, signal_number=signal.SIGTERM, patience=10):
    """Ends a program, by force where it does not obey."""
    if process.stdin:
        with contextlib.suppress(OSError):
            process.stdin.close()
    if process.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.3 if process.stdin else 0)
    if process.poll() is None:
        process.send_signal(signal_number)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout:
        process.stdout.close()
    running.discard(process)


def end_all():
    for process in list(running):
        end(process, signal.SIGKILL, 2)


class Script:
    """A program that prints its events as JSON lines and ends with its standard input."""

    def __init__(self, command, **options):
        self.process = start(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, **options
        )
        self.pid = self.process.pid
        self.pending = b""

    def wait(self, event, seconds=60):
        deadline = time.monotonic() + seconds
        while True:
            line = self.line(deadline)
            parsed = json.loads(line)
            if parsed["event"] == event:
                return parsed
            if parsed["event"] == "failed":
                raise Failed(parsed["reason"])

    def line(self, deadline):
        while b"\n" not in self.pending:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise Failed(f"{self.process.args[0]} says nothing")
            more = os.read(self.process.stdout.fileno(), 1 << 20)
            if not more:
                raise Failed(f"{' '.join(self.process.args[:4])} has ended")
            self.pending += more
        line, _, self.pending = self.pending.partition(b"\n")
        return line

    def say(self, text):
        self.process.stdin.write(text.encode() + b"\n")

    def end(self):
        end(self.process)


def run(command, seconds=60, **options):
    """Runs a program to its end and returns what it printed."""
    try:
        done = subprocess.run(
            [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, timeout=seconds, **options,
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"{command[0]} took more than {seconds} s") from None
    if done.returncode != 0:
        raise Failed(f"{' '.join(map(str, command[:3]))}: {done.stderr.strip()[:300]}")
    return done.stdout


def cpu_seconds(pid):
    """Of all threads of a process, ended ones too; user and system."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def thread_cpu_seconds(pid, names):
    """User and system time of the process's threads of these names."""
    ticks = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        fields = (task / "stat").read_text()
        name = fields[fields.index("(") + 1 : fields.rindex(")")]
        if name in names:
            ticks += sum(map(int, fields[fields.rindex(")") + 2 :].split()[11:13]))
    return ticks / TICKS


def peak_mib(pid):
    """The most that was resident."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, condition, seconds=30, step=0.01):
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise Failed(f"waited {seconds} s for {what}")
        time.sleep(step)
    return result


def accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
