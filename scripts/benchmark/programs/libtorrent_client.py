"""libtorrent as seeder, downloader and random reader, with settings for speed. Run by the system's
Python, which has the binding; prints JSON lines; ends with its standard input.

    libtorrent_client.py seed TORRENT DIR [--open] [--check] [--dial PORT]
    libtorrent_client.py download TORRENT DIR PORT...
    libtorrent_client.py random TORRENT DIR COUNT SEED STREAM PORT...

A seed takes its data for right unless --check. `random` reads whole pieces at random places by
deadline, one at a time; STREAM is the number of pieces that a second reader has ahead of it by
deadline, 0 for none.
"""

import json
import os
import random
import sys
import threading
import time
from pathlib import Path

import libtorrent as lt

# Its modules are shared with the tests; nothing is to be left beside them.
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "Tests/RealClients"))

import quiet_libtorrent
from program import end_with_standard_input, say

# Plain TCP on loopback. Beyond the defaults, most after libtorrent's preset for fast seeds
# (high_performance_seed): deep queues of requests and of writes, socket buffers that hold what a
# fast link brings in a turn, a seeder that keeps megabytes ready to send, and two threads that hash.
# LIBTORRENT_SETTINGS, a JSON object, changes more, to try whether others are faster.
SETTINGS = {
    **quiet_libtorrent.SETTINGS,
    "listen_interfaces": "127.0.0.1:0",
    "allow_multiple_connections_per_ip": True,
    "unchoke_slots_limit": -1,
    "connection_speed": 500,
    "close_redundant_connections": False,
    "max_out_request_queue": 2000,
    "max_allowed_in_request_queue": 2000,
    "max_queued_disk_bytes": 64 << 20,
    "max_peer_recv_buffer_size": 5 << 20,
    "recv_socket_buffer_size": 4 << 20,
    "send_socket_buffer_size": 4 << 20,
    "send_buffer_low_watermark": 1 << 20,
    "send_buffer_watermark": 3 << 20,
    "send_buffer_watermark_factor": 150,
    "send_not_sent_low_watermark": 512 << 10,
    "aio_threads": 4,
    "hashing_threads": 2,
    "mixed_mode_algorithm": 0,
    "alert_mask": int(lt.alert.category_t.status_notification | lt.alert.category_t.error_notification),
}
# Pieces a second reader has asked for ahead, and how far apart their deadlines are.
STREAM_STEP = 100


class Client:
    def __init__(self, torrent, folder, seed=False, anybody=False):
        settings = dict(SETTINGS)
        settings |= json.loads(os.environ.get("LIBTORRENT_SETTINGS", "{}"))
        if anybody:
            settings |= {"in_enc_policy": 1, "out_enc_policy": 1, "enable_incoming_utp": True}
        self.session = lt.session(settings)
        while not (self.session.is_listening() and self.session.listen_port()):
            self.session.wait_for_alert(50)
            self.session.pop_alerts()
        parameters = quiet_libtorrent.parameters(torrent, folder, is_complete=seed)
        # Peers would get to know each other past what delays or counts between them.
        parameters.flags |= lt.torrent_flags.disable_pex
        self.handle = self.session.add_torrent(parameters)
        while not seed and "checking" in str(self.handle.status().state):
            time.sleep(0.01)

    def connect(self, ports):
        for port in ports:
            self.handle.connect_peer(("127.0.0.1", int(port)))

    def alerts(self, kind):
        """Waits for such alerts; an error ends the process."""
        while True:
            self.session.wait_for_alert(1000)
            for alert in self.session.pop_alerts():
                name = type(alert).__name__
                if name in ("torrent_error_alert", "file_error_alert"):
                    say("failed", reason=alert.message())
                    os._exit(1)
                if name == kind:
                    yield alert


def seed(torrent, folder, *rest):
    client = Client(torrent, folder, seed="--check" not in rest, anybody="--open" in rest)
    say("listening", port=client.session.listen_port())
    if "--dial" in rest:
        client.connect([rest[rest.index("--dial") + 1]])
    for _ in client.alerts("nothing"):
        pass


def download(torrent, folder, *ports):
    client = Client(torrent, folder)
    client.connect(ports)
    while client.handle.status().total_payload_download == 0:
        time.sleep(0.0005)
    start = time.monotonic()
    next(client.alerts("torrent_finished_alert"))
    say("finished", seconds=time.monotonic() - start)


class Pieces:
    """Pieces by deadline, and when they are there."""

    def __init__(self, client):
        self.handle = client.handle
        self.arrivals = client.alerts("read_piece_alert")
        self.done = set()

    def ask(self, piece, milliseconds=0):
        self.handle.set_piece_deadline(piece, milliseconds, 1)

    def wait(self, piece):
        while piece not in self.done:
            self.done.add(next(self.arrivals).piece)


def read_randomly(torrent, folder, count, seed, stream, *ports):
    count, stream = int(count), int(stream)
    client = Client(torrent, folder)
    total = client.handle.torrent_file().num_pieces()
    length = client.handle.torrent_file().piece_length()
    client.handle.prioritize_pieces([0] * total)
    client.connect(ports)
    while client.handle.status().num_peers < len(ports):
        time.sleep(0.01)
    time.sleep(1)
    pieces = Pieces(client)
    lock = threading.Lock()
    streamed = [0]
    over = threading.Event()
    generator = random.Random(int(seed))
    # The stream has the first half of the torrent, the random reads the second.
    places = generator.sample(range(total // 2, total), count)

    def keep_streaming():
        asked = 0
        while not over.is_set():
            bits = client.handle.status().pieces
            while streamed[0] < total // 2 and bits[streamed[0]]:
                streamed[0] += 1
            while asked < min(streamed[0] + stream, total // 2):
                client.handle.set_piece_deadline(asked, (asked - streamed[0]) * STREAM_STEP)
                asked += 1
            time.sleep(0.02)

    alone = together = None
    if stream:
        threading.Thread(target=keep_streaming, daemon=True).start()
        time.sleep(3)
        start, before = time.monotonic(), streamed[0]
        time.sleep(5)
        alone = (streamed[0] - before) * length / (time.monotonic() - start)
        start, before = time.monotonic(), streamed[0]
    latencies = []
    for place in places:
        begun = time.monotonic()
        pieces.ask(place)
        pieces.wait(place)
        latencies.append(time.monotonic() - begun)
    if stream:
        together = (streamed[0] - before) * length / (time.monotonic() - start)
    over.set()
    say("finished", latencies=latencies, alone=alone, together=together)


end_with_standard_input()
{"seed": seed, "download": download, "random": read_randomly}[sys.argv[1]](*sys.argv[2:])
while True:
    time.sleep(1)
