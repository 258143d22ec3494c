"""An HTTP tracker on loopback that prints every announce as one JSON line.

    recording_tracker.py [--peer ADDR PORT]... [--interval SECONDS] [--fail N]

It answers with the peers given and with those that announced. It ends with its standard input.
"""

import argparse
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote_to_bytes

from program import end_with_standard_input, say


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer", nargs=2, action="append", default=[])
    parser.add_argument("--interval", type=int, default=1800)
    parser.add_argument("--fail", type=int, default=0, help="answer the first N with status 503")
    arguments = parser.parse_args()

    lock = threading.Lock()
    given = {(address, int(port)) for address, port in arguments.peer}
    swarms = {}
    failures = [arguments.fail]

    class Tracker(BaseHTTPRequestHandler):
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
            printable = {
                key: value.hex() if key in ("info_hash", "peer_id") else value.decode("latin-1")
                for key, value in fields.items()
            }
            with lock:
                failing = failures[0] > 0
                failures[0] -= 1
                peers = swarms.setdefault(fields.get("info_hash", b""), set())
                own = (self.client_address[0], int(fields.get("port", b"0")))
                if fields.get("event") == b"stopped":
                    peers.discard(own)
                elif not failing:
                    peers.add(own)
                others = sorted((peers | given) - {own})
                say("announce", path=path, fields=printable)
            compact = b"".join(
                socket.inet_aton(address) + port.to_bytes(2, "big")
                for address, port in others
                if ":" not in address
            )
            body = b"d8:intervali%de5:peers%d:%be" % (arguments.interval, len(compact), compact)
            self.send_response(503 if failing else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Tracker)
    say("listening", port=server.server_port)
    end_with_standard_input()
    server.serve_forever()


main()
