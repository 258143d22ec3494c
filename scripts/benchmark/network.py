"""Machines of a network of their own: namespaces on one bridge, none of them connected to ours."""

import contextlib
import os
import subprocess

from .processes import Failed, run

# Of a burst that the kernel hands over at once; below that a queue of this rate would stutter.
BURST = 128 << 10
# Bytes that wait in the queue of a capped machine: a tenth of a second at 10 MB/s.
QUEUE = 1 << 20


class Machine:
    """One namespace, by its address."""

    def __init__(self, name, address):
        self.name = name
        self.address = address

    def inside(self, command):
        """The command as run on the machine. Not by `ip netns exec`, whose mounts nobody else
        sees."""
        return ["nsenter", f"--net=/run/netns/{self.name}", *command]

    def cap(self, rate):
        """Lets it send so many bytes a second and no more."""
        run(self.inside([
            "tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", f"{rate * 8}bit",
            "burst", BURST, "limit", QUEUE,
        ]))

    @property
    def sent(self):
        """Bytes that it has put on the wire, headers and all."""
        path = "/sys/class/net/eth0/statistics/tx_bytes"
        # /sys shows the namespace that it was mounted in, so it is mounted for the question.
        script = f"mount -t sysfs none /sys && cat {path}"
        return int(run(self.inside(["unshare", "--mount", "sh", "-c", script])))


@contextlib.contextmanager
def machines(count):
    """So many machines on one bridge, which are gone at the end."""
    if os.geteuid() != 0:
        raise Failed("network namespaces need root")
    prefix = f"swarmfs-{os.getpid()}"
    names = [f"{prefix}-{number}" for number in range(count)]
    hub = f"{prefix}-hub"
    try:
        run(["ip", "netns", "add", hub])
        run(["ip", "-n", hub, "link", "add", "br0", "type", "bridge"])
        run(["ip", "-n", hub, "link", "set", "br0", "up"])
        result = []
        for number, name in enumerate(names):
            address = f"10.77.0.{number + 1}"
            run(["ip", "netns", "add", name])
            run([
                "ip", "-n", hub, "link", "add", f"p{number}", "type", "veth",
                "peer", "name", "eth0", "netns", name,
            ])
            run(["ip", "-n", hub, "link", "set", f"p{number}", "master", "br0", "up"])
            run(["ip", "-n", name, "link", "set", "lo", "up"])
            run(["ip", "-n", name, "addr", "add", f"{address}/24", "dev", "eth0"])
            run(["ip", "-n", name, "link", "set", "eth0", "up"])
            result.append(Machine(name, address))
        yield result
    finally:
        for name in [*names, hub]:
            subprocess.run(
                ["ip", "netns", "del", name], check=False, stderr=subprocess.DEVNULL
            )
