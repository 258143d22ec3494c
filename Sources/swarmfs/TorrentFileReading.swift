import Metainfo
import Reactor
import TorrentCrypto

/// Reads the .torrent files of commands that need one.
enum TorrentFileReading {
    /// The torrent in a file.
    static func read(_ path: String) throws(Failure) -> TorrentMetainfo {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try FileContents.read(path, limit: MetainfoLimits.standard.bytes)
        } catch {
            throw Failure(.source, error.description, "give the .torrent file of the data")
        }
        do throws(MetainfoError) {
            return try TorrentMetainfo(parsing: bytes, hashing: OpenSSLHashing())
        } catch {
            throw Failure(
                .source, "\(path) is no torrent (\(error))", "give the .torrent file of the data")
        }
    }
}
