import CLinux
import Glibc
import Metainfo
import Reactor
import TorrentCore
import TorrentCrypto

/// `<infohash>/metainfo`: what a lost catalogue is made from anew.
extension CacheFolder {
    /// Its name in the torrent's folder.
    static let metainfoName = "metainfo"
    private static let draftName = metainfoName + ".new"
    /// What is longer no parser takes: bencoded offsets end there (`BencodeToken`).
    private static let metainfoLimit = 1 << 29

    /// Writes the metainfo beside the torrent's files where it is not there yet; on disk before it
    /// returns. The catalogue has it as well, so that failing costs nothing now.
    static func keepMetainfo(_ bytes: [UInt8], in folder: Int32) {
        var status = stat()
        let isThere =
            fstatat(folder, metainfoName, &status, AT_SYMLINK_NOFOLLOW) == 0
            && status.st_mode & S_IFMT == S_IFREG && Int(status.st_size) == bytes.count
        guard !isThere else { return }
        do {
            try write(bytes, in: folder)
        } catch {
            unlinkat(folder, draftName, 0)
            Log.debug("metainfo in the cache: \(error)")
        }
    }

    /// Makes the file under another name first: it is whole or not there.
    private static func write(_ bytes: [UInt8], in folder: Int32) throws(SystemError) {
        let draft = draftName
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW
        let file = try OwnedDescriptor(openat(folder, draft, flags, 0o600), "make \(draft)")
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                pwrite(
                    file.rawValue, $0.baseAddress.map { $0 + done }, $0.count - done, off_t(done))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .last("write \(draft)") }
            done += count
        }
        guard fdatasync(file.rawValue) == 0 else { throw .last("sync \(draft)") }
        guard renameat(folder, draft, folder, metainfoName) == 0 else {
            throw .last("rename \(draft)")
        }
    }

    /// Reads it back from a torrent's folder; nil where it is missing or no metainfo.
    static func metainfo(in folder: Int32) -> TorrentMetainfo? {
        guard let bytes = try? FileContents.read(metainfoName, in: folder, limit: metainfoLimit)
        else { return nil }
        return try? TorrentMetainfo(parsing: bytes, hashing: OpenSSLHashing())
    }
}
