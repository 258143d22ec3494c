"""A tracker on loopback, over HTTP and UDP, that prints every announce as one JSON line.

    recording_tracker.py [--bind ADDR]... [--peer ADDR PORT]... [--interval SECONDS] [--fail N]

It answers with the peers given and with those that announced, of the family of addresses that it is
asked over. It ends with its standard input.
"""

import argparse
import errno
import socket
import socketserver
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote_to_bytes

from program import end_with_standard_input, say


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bind", action="append", default=[])
    parser.add_argument("--peer", nargs=2, action="append", default=[])
    parser.add_argument("--interval", type=int, default=1800)
    parser.add_argument("--fail", type=int, default=0, help="answer the first N with status 503")
    arguments = parser.parse_args()

    lock = threading.Lock()
    given = {(address, int(port)) for address, port in arguments.peer}
    swarms = {}
    failures = [arguments.fail]

    def answer(path, fields, sender):
        """Compact peers for who announces these fields from there; None where that is to fail."""
        printable = {
            key: value.hex() if key in ("info_hash", "peer_id") else value.decode("latin-1")
            for key, value in fields.items()
        }
        with lock:
            failing = failures[0] > 0
            failures[0] -= 1
            peers = swarms.setdefault(fields.get("info_hash", b""), set())
            own = (sender, int(fields.get("port", b"0")))
            if fields.get("event") == b"stopped":
                peers.discard(own)
            elif not failing:
                peers.add(own)
            others = sorted((peers | given) - {own})
            say("announce", path=path, fields=printable, **{"from": sender})
        family = socket.AF_INET6 if ":" in sender else socket.AF_INET
        compact = b"".join(
            socket.inet_pton(family, address) + port.to_bytes(2, "big")
            for address, port in others
            if (":" in address) == (":" in sender)
        )
        return None if failing else compact

    class OverHTTP(BaseHTTPRequestHandler):
        """BEP 3, 7 and 23."""

        protocol_version = "HTTP/1.1"

        def do_GET(self):
            path, _, query = self.path.partition("?")
            if not path.endswith("/announce"):
                self.send_error(404)
                return
            fields = {}
            for pair in query.split("&"):
                key, _, value = pair.partition("=")
                fields[key] = unquote_to_bytes(value)
            sender = self.client_address[0]
            compact = answer(path, fields, sender)
            key = b"6:peers6" if ":" in sender else b"5:peers"
            peers = compact or b""
            body = b"d8:intervali%de%b%d:%be" % (arguments.interval, key, len(peers), peers)
            self.send_response(503 if compact is None else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    class OverUDP(socketserver.BaseRequestHandler):
        """BEP 15."""

        connection = b"01234567"

        def handle(self):
            packet, endpoint = self.request
            if len(packet) < 16:
                return
            action, transaction = struct.unpack(">II", packet[8:16])
            reply = None
            if action == 0:
                reply = struct.pack(">II", 0, transaction) + self.connection
            elif action == 1 and len(packet) >= 98 and packet[:8] == self.connection:
                event, _, key, _, port = struct.unpack(">IIIiH", packet[80:98])
                fields = {
                    "info_hash": packet[16:36],
                    "peer_id": packet[36:56],
                    "left": b"%d" % int.from_bytes(packet[64:72], "big"),
                    "event": [b"", b"completed", b"started", b"stopped"][event & 3],
                    "key": b"%08X" % key,
                    "port": b"%d" % port,
                }
                compact = answer("", fields, self.client_address[0])
                if compact is not None:
                    head = struct.pack(">IIIII", 1, transaction, arguments.interval, 0, 0)
                    reply = head + compact
            if reply is not None:
                endpoint.sendto(reply, self.client_address)

    def listen():
        """All servers, at one port that the system chooses, and that port."""
        port, servers = 0, []
        for address in arguments.bind or ["127.0.0.1"]:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            for kind, handler in [
                (ThreadingHTTPServer, OverHTTP),
                (socketserver.ThreadingUDPServer, OverUDP),
            ]:
                server = type(kind.__name__, (kind,), {"address_family": family})
                servers.append(server((address, port), handler))
                port = servers[-1].server_address[1]
        return port, servers

    for attempt in range(20):
        try:
            port, servers = listen()
            break
        except OSError as error:
            # The port is free for TCP, and not for UDP.
            if error.errno != errno.EADDRINUSE or attempt == 19:
                raise
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    say("listening", port=port)
    end_with_standard_input()
    threading.Event().wait()


main()
