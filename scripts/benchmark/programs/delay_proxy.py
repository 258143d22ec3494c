"""Delays what passes between TCP clients and servers on loopback.

    delay_proxy.py DELAY_MS PORT...

Listens on a port for each PORT, says which as a JSON line, and passes all bytes on half of DELAY_MS
after they came, in both directions. A line on standard input is answered with the bytes passed to
clients so far; it ends with standard input.
"""

import asyncio
import contextlib
import json
import socket
import sys

passed = 0


def say(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


async def copy(reader, writer, delay, counts):
    global passed
    loop = asyncio.get_running_loop()
    queue = asyncio.Queue()

    async def send():
        while True:
            due, data = await queue.get()
            await asyncio.sleep(max(0, due - loop.time()))
            if not data:
                writer.close()
                return
            writer.write(data)

    sender = asyncio.create_task(send())
    while True:
        try:
            data = await reader.read(1 << 18)
        except ConnectionError:
            data = b""
        if counts:
            passed += len(data)
        queue.put_nowait((loop.time() + delay, data))
        if not data:
            await sender
            return


async def serve(delay, port):
    async def accept(reader, writer):
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Cancelled where the program ends first.
        with contextlib.suppress(asyncio.CancelledError):
            theirs, ours = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(
                copy(reader, ours, delay, False), copy(theirs, writer, delay, True))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    return server.sockets[0].getsockname()[1]


async def main():
    delay = float(sys.argv[1]) / 2000
    ports = [await serve(delay, int(port)) for port in sys.argv[2:]]
    say("listening", ports=ports)
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        say("passed", bytes=passed)


asyncio.run(main())
