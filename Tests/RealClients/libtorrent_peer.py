"""A libtorrent peer on loopback, and a maker of torrents to test with.

    libtorrent_peer.py create PATH -o FILE [--version v1|v2|hybrid] [--piece-length N] ...
    libtorrent_peer.py peer SOURCE --save DIR [--seed] [--listen ADDR] [--peer ADDR PORT]...

Every event is one JSON line on standard output. The peer ends when its standard input closes, so
that it never outlives the test that started it.
"""

import argparse
import hashlib
import os
import sys
import time

import libtorrent as lt

import quiet_libtorrent
from program import end_with_standard_input, say


def v1_by_hand(arguments):
    """A v1 torrent of any piece length; libtorrent itself makes only multiples of 16 KiB."""
    root = arguments.path.rstrip("/")
    files = []
    if os.path.isdir(root):
        for folder, folders, names in os.walk(root):
            folders.sort()
            for name in sorted(names):
                files.append(os.path.relpath(os.path.join(folder, name), root))
        files.sort(key=os.fsencode)
    paths = [os.path.join(root, name) for name in files] or [root]

    pieces, pending = [], b""
    for path in paths:
        with open(path, "rb") as source:
            while chunk := source.read(1 << 20):
                pending += chunk
                while len(pending) >= arguments.piece_length:
                    pieces.append(hashlib.sha1(pending[: arguments.piece_length]).digest())
                    pending = pending[arguments.piece_length :]
    if pending:
        pieces.append(hashlib.sha1(pending).digest())

    info = {
        b"name": os.fsencode(os.path.basename(root)),
        b"piece length": arguments.piece_length,
        b"pieces": b"".join(pieces),
    }
    if files:
        entries = []
        for name, path in zip(files, paths):
            entry = {
                b"length": os.path.getsize(path),
                b"path": [os.fsencode(part) for part in name.split("/")],
            }
            if os.access(path, os.X_OK) and os.stat(path).st_mode & 0o100:
                entry[b"attr"] = b"x"
            entries.append(entry)
        info[b"files"] = entries
    else:
        info[b"length"] = os.path.getsize(root)
    if arguments.private:
        info[b"private"] = 1
    torrent = {b"info": info, b"creation date": arguments.creation_date}
    if arguments.tracker:
        torrent[b"announce"] = arguments.tracker[0].encode()
        torrent[b"announce-list"] = [[url.encode()] for url in arguments.tracker]
    return torrent


def in_path_order(storage):
    """The same files sorted by their paths. libtorrent keeps them as the folder lists them, which
    differs from disk to disk, except where the format (v2, hybrid) demands an order."""
    order = range(storage.num_files())
    ordered = lt.file_storage()
    folder = storage.name() + "/"
    for index in sorted(order, key=lambda i: os.fsencode(storage.file_path(i)).split(b"/")):
        ordered.add_file(
            storage.file_path(index), storage.file_size(index), storage.file_flags(index), 0,
            storage.symlink(index).removeprefix(folder),
        )
    return ordered


def by_libtorrent(arguments):
    storage = lt.file_storage()
    flags = lt.create_torrent.symlinks
    lt.add_files(storage, arguments.path, lambda _: True, flags)
    if arguments.version == "v1" and storage.num_files() > 1:
        storage = in_path_order(storage)
    # The flags are an enumeration in some builds of the binding and plain numbers in others.
    flags = {"v1": 64, "v2": 32, "hybrid": 0}[arguments.version] | int(flags)
    creator = lt.create_torrent(storage, arguments.piece_length, flags)
    for url in arguments.tracker:
        creator.add_tracker(url)
    creator.set_priv(arguments.private)
    lt.set_piece_hashes(creator, os.path.dirname(os.path.abspath(arguments.path)))
    torrent = creator.generate()
    torrent[b"creation date"] = arguments.creation_date
    return torrent


def create(arguments):
    torrent = v1_by_hand(arguments) if arguments.by_hand else by_libtorrent(arguments)
    encoded = lt.bencode(torrent)
    with open(arguments.output, "wb") as output:
        output.write(encoded)
    info = lt.torrent_info(lt.bdecode(encoded))
    hashes = info.info_hashes()
    say(
        "created",
        infohash=str(hashes.v1) if hashes.has_v1() else None,
        infohash_v2=str(hashes.v2) if hashes.has_v2() else None,
        name=info.name(),
        pieces=info.num_pieces(),
        piece_length=info.piece_length(),
    )


# Policies: 0 refuses the other kind, 1 takes both, 2 does not encrypt. Levels: 1 goes on in
# plaintext after the handshake, 2 with RC4.
ENCRYPTION = {
    "off": {"out_enc_policy": 2, "in_enc_policy": 2},
    "prefer": {"out_enc_policy": 1, "in_enc_policy": 1, "allowed_enc_level": 3},
    "rc4": {"out_enc_policy": 0, "in_enc_policy": 0, "allowed_enc_level": 2},
    "plaintext": {"out_enc_policy": 0, "in_enc_policy": 0, "allowed_enc_level": 1},
}


def session_settings(arguments):
    address = arguments.listen
    bracketed = f"[{address}]" if ":" in address else address
    return {
        **quiet_libtorrent.SETTINGS,
        "listen_interfaces": f"{bracketed}:0",
        "enable_lsd": arguments.lsd,
        "enable_incoming_utp": arguments.transport == "utp",
        "enable_outgoing_utp": arguments.transport == "utp",
        "enable_incoming_tcp": arguments.transport == "tcp",
        "enable_outgoing_tcp": arguments.transport == "tcp",
        **ENCRYPTION[arguments.encryption],
        "allow_multiple_connections_per_ip": True,
        "connections_limit": 200,
        "unchoke_slots_limit": -1,
        "alert_mask": int(
            lt.alert.category_t.status_notification
            | lt.alert.category_t.error_notification
            | lt.alert.category_t.peer_notification
            | lt.alert.category_t.connect_notification
            | lt.alert.category_t.tracker_notification
        ),
    }


def parameters(arguments):
    parsed = quiet_libtorrent.parameters(arguments.source, arguments.save, arguments.trust)
    # Of the torrent: the session's own limits do not hold for peers of the local network.
    if arguments.upload_rate:
        parsed.upload_limit = arguments.upload_rate
    if arguments.download_rate:
        parsed.download_limit = arguments.download_rate
    if arguments.no_pex:
        parsed.flags |= lt.torrent_flags.disable_pex
    if arguments.super_seed:
        parsed.flags |= lt.torrent_flags.super_seeding
    return parsed


def peer(arguments):
    end_with_standard_input()
    session = lt.session(session_settings(arguments))
    deadline = time.monotonic() + 30
    while session.listen_port() == 0 or not session.is_listening():
        if time.monotonic() > deadline:
            say("failed", reason="cannot listen")
            return 1
        session.wait_for_alert(50)
        session.pop_alerts()
    handle = session.add_torrent(parameters(arguments))
    say("listening", port=session.listen_port())

    told = {"metadata": False, "complete": False, "connected": False, "pieces": -1}
    first_payload = None
    while True:
        session.wait_for_alert(5 if not told["complete"] else 200)
        for alert in session.pop_alerts():
            kind = type(alert).__name__
            if kind in ("peer_connect_alert", "incoming_connection_alert"):
                say("peer", message=alert.message())
            elif kind == "peer_disconnected_alert":
                say("disconnected", message=alert.message())
            elif kind in ("torrent_error_alert", "file_error_alert", "metadata_failed_alert"):
                say("failed", reason=alert.message())
            elif kind == "hash_failed_alert":
                say("hash_failed", message=alert.message())
            elif kind in ("tracker_error_alert", "tracker_reply_alert"):
                say("tracker", message=alert.message())
        status = handle.status()
        if status.has_metadata and not told["metadata"]:
            told["metadata"] = True
            say("metadata", name=handle.torrent_file().name())
        checked = str(status.state) not in ("checking_files", "checking_resume_data")
        if checked and not told["connected"]:
            told["connected"] = True
            say("ready", seeding=bool(status.is_seeding))
            for address, port in arguments.peer:
                handle.connect_peer((address, int(port)))
        if first_payload is None and status.total_payload_download > 0:
            first_payload = time.monotonic()
        if status.has_metadata and not arguments.quiet and status.num_pieces != told["pieces"]:
            told["pieces"] = status.num_pieces
            say(
                "pieces",
                have=status.num_pieces,
                total=handle.torrent_file().num_pieces(),
                bitmap="".join("1" if piece else "0" for piece in status.pieces),
            )
        if status.has_metadata and checked and status.is_seeding and not told["complete"]:
            told["complete"] = True
            # For measurements: from the first byte to the last piece, the flush left out.
            if first_payload is not None:
                say("finished", seconds=time.monotonic() - first_payload)
            if not arguments.seed:
                # What a reader sees on disk must be all of it when the test is told.
                handle.flush_cache()
                waiting = True
                while waiting:
                    session.wait_for_alert(1000)
                    kinds = [type(alert).__name__ for alert in session.pop_alerts()]
                    waiting = "cache_flushed_alert" not in kinds
            say("complete")


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)

    making = commands.add_parser("create")
    making.add_argument("path")
    making.add_argument("-o", "--output", required=True)
    making.add_argument("--version", choices=["v1", "v2", "hybrid"], default="hybrid")
    making.add_argument("--piece-length", type=int, default=0)
    making.add_argument("--by-hand", action="store_true")
    making.add_argument("--private", action="store_true")
    making.add_argument("--tracker", action="append", default=[])
    making.add_argument("--creation-date", type=int, default=1_700_000_000)

    peering = commands.add_parser("peer")
    peering.add_argument("source")
    peering.add_argument("--save", required=True)
    peering.add_argument("--seed", action="store_true")
    peering.add_argument("--trust", action="store_true")
    peering.add_argument("--listen", default="127.0.0.1")
    peering.add_argument("--peer", nargs=2, action="append", default=[])
    peering.add_argument("--super-seed", action="store_true", help="offer pieces singly (BEP 16)")
    peering.add_argument("--no-pex", action="store_true", help="name no peers and hear of none")
    peering.add_argument("--quiet", action="store_true", help="do not tell which pieces are there")
    peering.add_argument("--transport", choices=["tcp", "utp"], default="tcp")
    peering.add_argument("--encryption", choices=ENCRYPTION, default="off")
    peering.add_argument("--lsd", action="store_true", help="look for peers by BEP 14")
    peering.add_argument("--upload-rate", type=int, default=0)
    peering.add_argument("--download-rate", type=int, default=0)

    arguments = parser.parse_args()
    if arguments.command == "create":
        create(arguments)
        return 0
    return peer(arguments)


sys.exit(main())
