"""A libtorrent client of a swarm that shares one slow seed. Run by the system's Python, which has
the binding; prints JSON lines; ends with its standard input.

    libtorrent_swarm.py seed|rarest|sequential TORRENT DIR ADDRESS:PORT [PEER:PORT|URL]...

A URL is that of a web seed. `seed` has everything in DIR. The others print "ready" when they are
connected to all peers that are named, begin when told so by a line, and print when they have
everything.
"""

import json
import os
import sys
import threading
import time

import libtorrent as lt

# As installed, save what would leave the network that is measured, or hide what it is about.
SETTINGS = {
    "enable_dht": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "enable_incoming_utp": False,
    "enable_outgoing_utp": False,
    "out_enc_policy": 2,
    "in_enc_policy": 2,
    "unchoke_slots_limit": -1,
    "close_redundant_connections": False,
    "min_reconnect_time": 1,
}


def say(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


told = threading.Event()


def read_standard_input():
    while os.read(0, 65536):
        told.set()
    os._exit(0)


def main(mode, torrent, folder, listen, *peers):
    threading.Thread(target=read_standard_input, daemon=True).start()
    session = lt.session({**SETTINGS, "listen_interfaces": listen})
    parameters = lt.add_torrent_params()
    parameters.ti = lt.torrent_info(torrent)
    parameters.save_path = folder
    parameters.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    if mode == "seed":
        parameters.flags |= lt.torrent_flags.seed_mode
    if mode == "sequential":
        parameters.flags |= lt.torrent_flags.sequential_download
    handle = session.add_torrent(parameters)
    while not session.is_listening() or "checking" in str(handle.status().state):
        time.sleep(0.01)
    if mode == "seed":
        say("listening")
        while True:
            time.sleep(60)
    total = handle.torrent_file().num_pieces()
    handle.prioritize_pieces([0] * total)
    say("listening")
    told.wait()
    told.clear()
    servers = [peer for peer in peers if peer.startswith("http:")]
    peers = [peer for peer in peers if peer not in servers]
    for server in servers:
        handle.add_url_seed(server)
    for peer in peers:
        host, _, port = peer.rpartition(":")
        handle.connect_peer((host, int(port)))
    while handle.status().num_peers < len(peers):
        time.sleep(0.01)
    say("ready")
    told.wait()
    handle.prioritize_pieces([4] * total)
    while handle.status().num_pieces < total:
        time.sleep(0.01)
    say("finished")
    while True:
        time.sleep(60)


main(*sys.argv[1:])
