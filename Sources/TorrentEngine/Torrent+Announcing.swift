import PeerProtocol
import PieceStorage
import Swarm
import TorrentCore

/// What peers are told that we have.
///
/// A bounded cache loses pieces, and only peers that know `lt_donthave` (BEP 54; libtorrent does,
/// Transmission and aria2 do not) can be told. So from the first loss on nobody else is told of
/// pieces, and those who have been are disconnected, once: nobody relies on what is not there. A
/// seed stays connected, as it never asks.
extension Torrent {
    /// How many pieces a peer is told of when it turns out to understand their loss: 9 bytes each.
    private static let lateHaveLimit = 64 << 10

    /// What a new peer is told: nothing where nothing is served. Each piece that verifies later is
    /// announced, so it must not matter whether those before are on disk yet.
    var advertisedPieces: Bitfield? {
        sources.isUploadEnabled && !hasLostPieces ? swarm?.have : nil
    }

    func announceHave(_ piece: PieceIndex) {
        guard sources.isUploadEnabled else { return }
        for connection in connections.values
        where connection.machine.isHandshaken && connection.hearsOfPieces {
            connection.machine.have(piece)
            connection.scheduleFlush()
        }
    }

    /// Tells readers that we fetch a piece, which they will be told that we have.
    func announceFetch(_ piece: PieceIndex) {
        guard sources.isUploadEnabled else { return }
        for connection in connections.values
        where connection.machine.isHandshaken && connection.hearsOfPieces
            && connection.machine.supportsFetching && swarm?.isSeed(connection.key) != true
        {
            connection.machine.fetching(piece)
            connection.scheduleFlush()
        }
    }

    func announceLost(_ piece: PieceIndex, now: Timestamp) {
        hasLostPieces = true
        guard sources.isUploadEnabled else { return }
        for connection in connections.values
        where connection.isAccepted && connection.hearsOfPieces {
            if connection.machine.supportsDontHave {
                connection.machine.dontHave(piece)
                connection.scheduleFlush()
            } else if swarm?.isSeed(connection.key) == true {
                connection.hearsOfPieces = false
            } else {
                connection.close("it does not understand that pieces are evicted", now: now)
            }
        }
    }

    /// A peer's extensions are known now: it may be told of pieces after all.
    func announceLate(to connection: PeerConnection) {
        guard !connection.hearsOfPieces, sources.isUploadEnabled,
            connection.machine.supportsDontHave, let have = swarm?.have
        else { return }
        connection.hearsOfPieces = true
        for piece in have.runs.lazy.joined().prefix(Self.lateHaveLimit) {
            connection.machine.have(piece)
        }
        connection.scheduleFlush()
    }
}
