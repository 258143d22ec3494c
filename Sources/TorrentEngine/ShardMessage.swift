import PieceStorage
import Swarm
import TorrentCore

/// What other threads tell a shard.
enum ShardMessage: Sendable {
    /// A read waits for pieces, perhaps for no more of them than a part of the payload.
    case readArrived(TorrentID, ReadID, Range<PieceIndex>, Range<Int64>?)
    /// A read waits no more.
    case readEnded(TorrentID, ReadID)
    /// A sequential reader's window.
    case readahead(TorrentID, StreamID, Range<PieceIndex>)
    /// A read has given up: say why in the log.
    case readTimedOut(TorrentID, Range<PieceIndex>, path: String)
    /// The hash pool is done with a block that was taken by itself.
    case blockVerified(TorrentID, BlockRequest, isGood: Bool)
    /// The hash pool is done with a piece.
    case pieceFinished(TorrentID, PieceOutcome)
    /// Verified pieces were evicted, or could not be kept.
    case piecesLost(TorrentID, [PieceIndex])
    /// Buffer memory has been given back.
    case buffersAvailable(TorrentID)
    /// Blocks for a peer have been read, one for each request; nil where it is not there any more.
    case blocksRead(TorrentID, PeerKey, [BlockRequest], [UploadBlock?])
    /// A router forwards this port of the outside to ours.
    case portMapped(UInt16)
    /// A web seed's answer to a request of a run begins.
    case webSeedAnswered(TorrentID, PeerKey, attempt: UInt64)
    /// Blocks of a web seed's run are complete.
    case webSeedArrived(TorrentID, PeerKey, attempt: UInt64)
    /// A request of a run has ended; why, where it failed.
    case webSeedPartEnded(TorrentID, PeerKey, attempt: UInt64, part: Int, WebSeedFailure?)
    /// Hashes for a peer have been found, or are not to be had.
    case hashesFound(TorrentID, PeerKey, HashRequest, [UInt8]?)
    /// An HTTP tracker has answered.
    case httpAnnounced(
        TorrentID, AnnounceLeg, attempt: UInt64, Result<HTTPResponse, HTTPError>)
    /// An HTTP tracker has answered a scrape.
    case httpScraped(TorrentID, tracker: Int, Result<HTTPResponse, HTTPError>)
    /// A UDP tracker's host name is resolved, or has no address.
    case udpTrackerResolved(TorrentID, tracker: Int, [Endpoint])
    /// The host name of an entrance to the DHT is resolved.
    case dhtEntrancesResolved([Endpoint], areRouters: Bool)
    /// The host name of a node of the DHT that a torrent named is resolved.
    case dhtNodesNamed([Endpoint])
    /// The host name of a peer that the user, or only the magnet, named is resolved.
    case peersResolved(TorrentID, [Endpoint], isFromMagnet: Bool)
}
