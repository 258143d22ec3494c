"""A libtorrent client of a swarm that shares one slow seed. Run by the system's Python, which has
the binding; prints JSON lines; ends with its standard input.

    libtorrent_swarm.py seed|rarest|sequential TORRENT DIR ADDRESS:PORT [PEER:PORT|URL]...

A URL is that of a web seed. `seed` has everything in DIR. The others print "ready" when they are
connected to all peers that are named, begin when told so by a line, and print when they have
everything.
"""

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

# As installed, save what would leave the network that is measured, or hide what it is about.
SETTINGS = {
    **quiet_libtorrent.SETTINGS,
    "unchoke_slots_limit": -1,
    "close_redundant_connections": False,
}


def main(mode, torrent, folder, listen, *peers):
    told = threading.Event()
    end_with_standard_input(told.set)
    session = lt.session({**SETTINGS, "listen_interfaces": listen})
    parameters = quiet_libtorrent.parameters(torrent, folder, is_complete=mode == "seed")
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
