import Foundation
import Glibc
import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

/// Short forms for tests of a cache with a limit.
extension CacheDirectory {
    /// A cache of so many bytes, patient with other holders: a loaded disk may take long to sync.
    convenience init(path: String, size: Int64) throws {
        try self.init(
            path: path, limits: CacheLimits(size: size, free: .bytes(0)), disk: .system,
            patience: .seconds(60))
    }
}

extension PieceStore {
    /// A store in a cache.
    convenience init(
        _ torrent: SampleTorrent, in cache: CacheDirectory, pools: StoragePools? = nil
    ) throws {
        try self.init(
            metainfo: torrent.metainfo, location: .cache(cache), pools: pools ?? makePools())
    }

    /// Hands a piece in and waits until it is written, or given up.
    func putWritten(_ piece: PieceIndex, of torrent: SampleTorrent) {
        put(piece, torrent.bytes(of: piece))
        waitUntilWritten()
    }

    /// Gives pieces other times of use, so that no test has to wait.
    func setUse(_ pieces: Range<PieceIndex>, seconds: Int64) {
        state.withLock { $0.uses.note(pieces, at: UseTime(seconds: seconds)) }
    }

    /// The same, and tells other holders of the cache, which would learn of it within a minute or so.
    func keepUse(_ pieces: Range<PieceIndex>, seconds: Int64) throws {
        setUse(pieces, seconds: seconds)
        guard let folder = cacheFolder, let times = state.withLock({ $0.uses.takeBytes() })
        else { return }
        try folder.cache.catalogue.keep(times: times, of: folder.torrent)
    }

    /// Whether a file's bytes are right wherever they are there; the number of bytes compared.
    func compare(_ file: FileIndex, _ torrent: SampleTorrent) -> Int? {
        let source = torrent.files[file.value].bytes
        var compared = 0
        var offset = 0
        while offset < source.count {
            let count = min(5000, source.count - offset)
            if let bytes = bytes(of: file, offset: Int64(offset), count: count) {
                guard bytes == Array(source[offset..<offset + count]) else { return nil }
                compared += count
            }
            offset += count
        }
        return compared
    }
}

/// Waits until something is so, for what other threads do; false where it is not in good time.
func eventually(_ condition: () -> Bool) -> Bool {
    let deadline = Timestamp.now() + .seconds(30)
    while !condition() {
        guard .now() < deadline else { return false }
        usleep(10_000)
    }
    return true
}

/// Bytes on disk of all files of a directory but folders.
func diskUse(_ path: String) -> Int64 {
    let names = FileManager.default.enumerator(atPath: path)?.allObjects ?? []
    return names.reduce(0) { sum, name in
        var status = stat()
        guard let name = name as? String, lstat("\(path)/\(name)", &status) == 0,
            status.st_mode & S_IFMT == S_IFREG
        else { return sum }
        return sum + Int64(status.st_blocks) * 512
    }
}
