import CLinux
import Glibc
import Metainfo
import Reactor
import TorrentCore
import TorrentCrypto

/// `<infohash>/metainfo`: what a mount by infohash needs no network for, and what a lost catalogue is
/// made from anew.
extension CacheFolder {
    /// Its name in the torrent's folder.
    static let metainfoName = "metainfo"
    private static let draftName = metainfoName + ".new"
    /// What is longer no parser takes: bencoded offsets end there (`BencodeToken`).
    private static let metainfoLimit = 1 << 29

    /// Keeps a torrent's encoded metainfo in its folder, which is made where it is missing; on disk
    /// before it returns. Costs a read where the same is there already.
    static func keepMetainfo(
        _ bytes: [UInt8], of name: String, in directory: Int32
    ) throws(SystemError) {
        let folder = try makeDirectory(directory, name)
        let known = try? FileContents.read(
            metainfoName, in: folder.rawValue, limit: bytes.count)
        guard known != bytes else { return }
        try FileContents.replace(
            metainfoName, draft: draftName, in: folder.rawValue, with: bytes)
        guard fsync(folder.rawValue) == 0, fsync(directory) == 0 else {
            throw .last("sync \(name)")
        }
    }

    /// The metainfo of a torrent by its folder's name; nil where it is missing or another torrent's.
    static func metainfo(of name: String, in directory: Int32) -> TorrentMetainfo? {
        let path = metainfoPath(of: name)
        guard let bytes = try? FileContents.read(path, in: directory, limit: metainfoLimit),
            let metainfo = try? TorrentMetainfo(parsing: bytes, hashing: OpenSSLHashing()),
            metainfo.info.identity.description == name
        else { return nil }
        return metainfo
    }

    /// The bytes of a torrent's encoded metainfo, by its folder's name; nil where there is none.
    static func metainfoLength(of name: String, in directory: Int32) -> Int64? {
        var status = stat()
        guard fstatat(directory, metainfoPath(of: name), &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            return nil
        }
        return Int64(status.st_size)
    }

    /// Its path in the cache directory.
    static func metainfoPath(of name: String) -> String { "\(name)/\(metainfoName)" }
}
