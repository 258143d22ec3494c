import PieceStorage
import Reactor
import TorrentCore

/// What readers want of one torrent, handed on to its shard.
struct EngineBlockSource: BlockSource {
    let torrent: TorrentID
    let mailbox: Mailbox<ShardMessage>

    func readArrived(_ read: ReadID, pieces: Range<PieceIndex>) {
        readArrived(read, pieces: pieces, bytes: nil)
    }

    func readArrived(_ read: ReadID, pieces: Range<PieceIndex>, bytes: Range<Int64>?) {
        mailbox.post(.readArrived(torrent, read, pieces, bytes))
    }

    func readEnded(_ read: ReadID) { mailbox.post(.readEnded(torrent, read)) }

    func readahead(_ stream: StreamID, pieces: Range<PieceIndex>) {
        mailbox.post(.readahead(torrent, stream, pieces))
    }

    func readTimedOut(_ read: ReadID, pieces: Range<PieceIndex>, path: String) {
        mailbox.post(.readTimedOut(torrent, pieces, path: path))
    }
}
