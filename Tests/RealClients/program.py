"""What programs have in common that tests and benchmarks run beside swarmfs."""

import json
import os
import sys
import threading


def say(event, **fields):
    """Prints an event as one JSON line, in one system call: threads must not mix theirs."""
    sys.stdout.flush()
    os.write(sys.stdout.fileno(), json.dumps({"event": event, **fields}).encode() + b"\n")


def end_with_standard_input(heard=lambda: None):
    """Ends the process when its standard input closes, so that it never outlives who started it;
    `heard` is called for what comes in before."""

    def read():
        while os.read(0, 65536):
            heard()
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
