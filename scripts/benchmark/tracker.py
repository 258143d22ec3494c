"""opentracker on loopback."""

import contextlib
import os

from . import processes


@contextlib.contextmanager
def opentracker(bench, infohash, port):
    """Serves one torrent: Debian's build serves only those of a whitelist."""
    with bench.kept("tracker") as folder:
        whitelist = folder / "whitelist"
        whitelist.write_text(infohash + "\n")
        # It drops its privileges, and has to see its folder and the list.
        bench.work.chmod(0o755)
        folder.chmod(0o777)
        command = ["opentracker", "-i", "127.0.0.1", "-p", str(port), "-P", str(port)]
        command += ["-u", "nobody", "-w", whitelist, "-d", folder]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", *command]
        process = processes.start(command, stderr=processes.subprocess.DEVNULL)
        try:
            processes.wait_for("opentracker", lambda: processes.accepts(port))
            yield
        finally:
            processes.end(process)
