"""Nodes of a local DHT, each a libtorrent session on a loopback address of its own.

    libtorrent_dht.py --nodes N [--network 127.0.2] [--bootstrap ADDR:PORT] [--seed TORRENT DIR]
                      [--leech MAGNET DIR]

The first session seeds or leeches where that is asked for; nobody tells it of a peer or a tracker.
Every event is one JSON line on standard output. Ends when its standard input closes.
"""

import argparse
import sys
import time
import warnings

import libtorrent as lt

import quiet_libtorrent
from program import end_with_standard_input, say

# On the internet these guard against floods and false nodes; here all of them are neighbours.
DHT = {
    "dht_restrict_routing_ips": False,
    "dht_restrict_search_ips": False,
    "dht_prefer_verified_node_ids": False,
    "dht_enforce_node_id": False,
    "dht_ignore_dark_internet": False,
    "dht_block_ratelimit": 100_000,
    "dht_upload_rate_limit": 1_000_000,
}


def session(address, bootstrap):
    return lt.session({
        **quiet_libtorrent.SETTINGS,
        **DHT,
        "listen_interfaces": f"{address}:0",
        "enable_dht": True,
        "dht_bootstrap_nodes": ",".join(bootstrap),
        "allow_multiple_connections_per_ip": True,
        "alert_mask": int(lt.alert.category_t.error_notification
                          | lt.alert.category_t.status_notification),
    })


def dht_nodes(session):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return session.status().dht_nodes


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--nodes", type=int, required=True)
    parser.add_argument("--network", default="127.0.2")
    parser.add_argument("--bootstrap", action="append", default=[])
    parser.add_argument("--seed", nargs=2)
    parser.add_argument("--leech", nargs=2)
    arguments = parser.parse_args()
    end_with_standard_input()

    sessions, addresses = [], []
    for number in range(arguments.nodes):
        address = f"{arguments.network}.{number + 1}"
        sessions.append(session(address, arguments.bootstrap))
        deadline = time.monotonic() + 30
        while not sessions[-1].is_listening():
            if time.monotonic() > deadline:
                say("failed", reason="cannot listen")
                return 1
            time.sleep(0.01)
        addresses.append(f"{address}:{sessions[-1].listen_port()}")
    say("listening", addresses=addresses)

    handle = None
    if arguments.seed or arguments.leech:
        source, folder = arguments.seed or arguments.leech
        handle = sessions[0].add_torrent(
            quiet_libtorrent.parameters(source, folder, is_complete=bool(arguments.seed)))
    is_complete = False
    while True:
        time.sleep(0.5)
        nodes = [dht_nodes(one) for one in sessions]
        say("nodes", least=min(nodes), most=max(nodes))
        if handle is None:
            continue
        # Its own timer would take minutes.
        handle.force_dht_announce()
        if arguments.leech and not is_complete and handle.status().is_seeding:
            is_complete = True
            handle.flush_cache()
            time.sleep(0.5)
            say("complete")


sys.exit(main())
