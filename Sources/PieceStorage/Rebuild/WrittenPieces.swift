import CLinux
import Glibc
import Metainfo
import Reactor
import TorrentCore

/// Which pieces a torrent's sparse cache files have data for: everything of them lies outside holes.
struct WrittenPieces {
    /// Set where data is; whether it is right is not known.
    private(set) var pieces: Bitfield

    /// Looks at each file's extents (lseek(2), `SEEK_HOLE`): microseconds a file.
    init(of info: InfoDictionary, in folder: Int32) {
        let isPacked = CacheFolder.isPacked(".", in: folder) ?? false
        let disk = DiskLayout(
            info.layout, pieceLength: info.geometry.pieceLength, isPacked: isPacked)
        let files = CacheFolder.filesName(isPacked)
        pieces = Bitfield(count: info.geometry.pieceCount)
        for piece in info.geometry.pieces { pieces[piece] = true }
        for file in disk.files where disk.isStored(file) {
            let path = "\(files)/\(CacheFolder.path(of: file))"
            for hole in Self.holes(in: path, disk.length(of: file), folder) {
                for piece in disk.pieces(of: file, offset: hole.lowerBound, count: hole.count)
                where pieces[piece] {
                    // Between the files of a v2 torrent there is nothing to be written.
                    let isMissing = disk.slices(of: piece).contains { slice in
                        slice.file == file && slice.fileOffset < hole.upperBound
                            && slice.fileOffset + Int64(slice.length) > hole.lowerBound
                    }
                    if isMissing { pieces[piece] = false }
                }
            }
        }
    }

    private static func holes(
        in path: String, _ length: Int64, _ folder: Int32
    ) -> [Range<Int64>] {
        var status = stat()
        guard
            let open = try? OwnedDescriptor(
                openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), "open \(path)"),
            fstat(open.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            Int64(status.st_size) == length
        else { return [0..<length] }
        var holes: [Range<Int64>] = []
        var position: Int64 = 0
        while position < length {
            let hole = Int64(lseek(open.rawValue, off_t(position), SEEK_HOLE))
            // A filesystem that cannot tell calls everything data: then hashing finds out.
            guard hole >= 0, hole < length else { break }
            let data = Int64(lseek(open.rawValue, off_t(hole), SEEK_DATA))
            let end = data < 0 ? length : min(data, length)
            holes.append(hole..<end)
            position = max(end, hole + 1)
        }
        return holes
    }
}
