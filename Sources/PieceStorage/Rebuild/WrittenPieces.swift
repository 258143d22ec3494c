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
        let layout = info.layout
        pieces = Bitfield(count: info.geometry.pieceCount)
        for piece in info.geometry.pieces { pieces[piece] = true }
        let length = Int64(info.geometry.pieceLength)
        for file in layout.files
        where layout.length(of: file) > 0 && !layout.attributes(of: file).contains(.padding) {
            let start = layout.offset(of: file)
            for hole in Self.holes(in: file, layout.length(of: file), folder) {
                let first = (start + hole.lowerBound) / length
                let last = (start + hole.upperBound - 1) / length
                for piece in first...last { pieces[PieceIndex(Int(piece))] = false }
            }
        }
    }

    private static func holes(
        in file: FileIndex, _ length: Int64, _ folder: Int32
    ) -> [Range<Int64>] {
        let path = "files/" + CacheFolder.path(of: file)
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
