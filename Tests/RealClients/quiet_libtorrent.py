"""libtorrent as a peer of those that it is told of, and of nobody else."""

import os

import libtorrent as lt

# Plain TCP, nothing that would leave the network under test, and no back-off that is meant for the
# internet: nobody here is to wait for it.
SETTINGS = {
    "enable_dht": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "enable_incoming_utp": False,
    "enable_outgoing_utp": False,
    "out_enc_policy": 2,
    "in_enc_policy": 2,
    "min_reconnect_time": 1,
}
# As large as swarmfs reads them.
LIMITS = {"max_buffer_size": 1 << 28, "max_pieces": 1 << 24, "max_decode_tokens": 1 << 26}


def parameters(source, folder, is_complete=False):
    """How to add a torrent, given as a file or a magnet link, with its data in `folder`; taken for
    right unread where it is complete. It begins at once."""
    if os.path.exists(source):
        result = lt.add_torrent_params()
        result.ti = lt.torrent_info(source, LIMITS)
    else:
        result = lt.parse_magnet_uri(source)
    result.save_path = folder
    result.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    if is_complete:
        result.flags |= lt.torrent_flags.seed_mode
    return result
