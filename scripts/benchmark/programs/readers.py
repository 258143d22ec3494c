"""Readers of a file, in a process of its own: whatever a read waits for, the process can be ended.

    readers.py JSON

JSON is {"path", "seconds", "readers": [...]}; a reader is a thread:

    kind        "random" (page-aligned places in its range) or "stream"
    from, to    its range of the file
    length      of one read
    seed        of the places
    start       seconds after which it begins
    pause       seconds between two reads
    count       reads after which it ends; a reader without ends with the last one that has one

All end after `seconds`. One JSON line tells of each reader when its reads ended and how long they
took.
"""

import json
import os
import random
import sys
import threading
import time


class Reader(threading.Thread):
    def __init__(self, plan, descriptor, start, is_over):
        super().__init__(daemon=True)
        self.plan, self.descriptor, self.begun, self.is_over = plan, descriptor, start, is_over
        self.ends, self.latencies = [], []

    def run(self):
        plan = self.plan
        generator = random.Random(plan.get("seed", 1))
        length, position = plan["length"], plan["from"]
        time.sleep(max(0, self.begun + plan.get("start", 0) - time.monotonic()))
        while not self.is_over.is_set() and len(self.ends) < plan.get("count", 1 << 40):
            if plan["kind"] == "random":
                position = generator.randrange(plan["from"], plan["to"] - length) // 4096 * 4096
            elif position >= plan["to"]:
                break
            before = time.monotonic()
            count = len(os.pread(self.descriptor, length, position))
            after = time.monotonic()
            if count == 0:
                break
            position += count
            self.ends.append(after - self.begun)
            self.latencies.append(after - before)
            time.sleep(plan.get("pause", 0))


def main():
    plan = json.loads(sys.argv[1])
    is_over = threading.Event()
    start = time.monotonic()
    readers = [
        Reader(one, os.open(plan["path"], os.O_RDONLY), start, is_over) for one in plan["readers"]
    ]
    for reader in readers:
        reader.start()
    counted = [reader for reader in readers if "count" in reader.plan]
    for reader in counted or readers:
        reader.join(max(0, start + plan["seconds"] - time.monotonic()))
    is_over.set()
    results = [{"ends": one.ends[:], "latencies": one.latencies[:]} for one in readers]
    for reader, result in zip(readers, results):
        # A read that does not end counts as long as it has waited.
        result["is_waiting"] = reader.is_alive()
        result["length"] = reader.plan["length"]
    print(json.dumps({"event": "finished", "readers": results}), flush=True)
    os._exit(0)


main()
