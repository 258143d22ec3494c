import Metainfo
import TorrentCore

/// Where a torrent's bytes lie in its folder of the cache.
///
/// Mostly each file is a cache file of its own, which the kernel can read by itself. A torrent of very
/// many small files is packed: cut into chunks of whole pieces, whatever files these hold. A million
/// files of 20 KB are then some hundred cache files, and a piece is written with one call.
///
/// The files here are cache files; of a packed torrent their numbers are those of chunks.
struct DiskLayout: Sendable {
    /// Torrents of at least so many files...
    private static let packedFileCount = 4096
    /// ...of at most so many bytes on average are packed: opening a larger one costs less than reading
    /// it, and reading it directly is worth more than an inode.
    private static let packedAverage: Int64 = 256 << 10
    /// The least length of a chunk: few enough for any torrent, and the kernel lets one thread at a time
    /// write to a file.
    private static let chunkLength: Int64 = 64 << 20
    /// Where a torrent would have more chunks than that, they are longer: in v2 each file starts a
    /// piece, so that small files lie far apart.
    private static let chunkLimit: Int64 = 1024

    /// The torrent's files.
    let layout: FileLayout
    private let pieceLength: Int64
    /// Nil where each file has a cache file.
    private let chunk: Int64?

    /// Packed, or as the torrent's files are. `chunkLength` is for tests.
    init(
        _ layout: FileLayout, pieceLength: Int, isPacked: Bool, chunkLength: Int64? = nil
    ) {
        self.layout = layout
        self.pieceLength = Int64(pieceLength)
        let wanted =
            chunkLength ?? max(Self.chunkLength, layout.totalLength / Self.chunkLimit)
        chunk = isPacked ? (wanted / self.pieceLength + 1) * self.pieceLength : nil
    }

    /// Whether a torrent that is new to the cache is to be packed.
    static func packs(_ layout: FileLayout) -> Bool {
        layout.count >= packedFileCount
            && layout.payloadLength / Int64(layout.count) <= packedAverage
    }

    /// Whether the torrent is packed.
    var isPacked: Bool { chunk != nil }

    /// How many cache files there may be.
    var count: Int {
        chunk.map { Int((layout.totalLength + $0 - 1) / $0) } ?? layout.count
    }

    /// All of them.
    var files: Range<FileIndex> { FileIndex(0)..<FileIndex(count) }

    /// The end of the last one in the payload.
    var totalLength: Int64 { layout.totalLength }

    /// Whether there is such a file on disk: not of padding, and not of what is empty.
    func isStored(_ file: FileIndex) -> Bool {
        isPacked
            || layout.length(of: file) > 0 && !layout.attributes(of: file).contains(.padding)
    }

    /// Bytes.
    func length(of file: FileIndex) -> Int64 {
        guard let chunk else { return layout.length(of: file) }
        return min(chunk, layout.totalLength - Int64(file.value) * chunk)
    }

    /// Where the file starts in the payload.
    func offset(of file: FileIndex) -> Int64 {
        chunk.map { Int64(file.value) * $0 } ?? layout.offset(of: file)
    }

    /// The pieces that have bytes in the file.
    func pieces(of file: FileIndex) -> Range<PieceIndex> {
        guard chunk != nil else { return layout.pieces(of: file) }
        return pieces(of: file, offset: 0, count: Int(length(of: file)))
    }

    /// The pieces that have bytes in a part of the file, as far as the file goes.
    func pieces(of file: FileIndex, offset: Int64, count: Int) -> Range<PieceIndex> {
        guard chunk != nil else { return layout.pieces(of: file, offset: offset, count: count) }
        let start = self.offset(of: file) + min(max(0, offset), length(of: file))
        let end = min(start + Int64(max(0, count)), self.offset(of: file) + length(of: file))
        let first = Int(start / pieceLength)
        return PieceIndex(
            first)..<PieceIndex(
                end > start ? Int((end - 1) / pieceLength) + 1 : first)
    }

    /// The parts of cache files that make up a piece; without padding where it is not packed.
    func slices(of piece: PieceIndex) -> [FileSlice] {
        let slices = layout.slices(of: piece)
        guard chunk != nil else { return slices.filter { isStored($0.file) } }
        return packed(slices, at: Int64(piece.value) * pieceLength)
    }

    /// The same for any part of the payload, and with padding: what a slice calls its place in the
    /// piece is its place in that part.
    func slices(from start: Int64, count: Int64) -> [FileSlice] {
        let slices = layout.slices(from: start, count: count)
        return chunk == nil ? slices : packed(slices, at: start)
    }

    /// Where a byte of one of the torrent's files lies.
    func place(_ file: FileIndex, _ offset: Int64) -> (file: FileIndex, offset: Int64) {
        guard let chunk else { return (file, offset) }
        let position = layout.offset(of: file) + offset
        return (FileIndex(Int(position / chunk)), position % chunk)
    }

    /// Joins slices that follow each other, and parts them where a chunk ends.
    private func packed(_ slices: [FileSlice], at start: Int64) -> [FileSlice] {
        guard let chunk else { return slices }
        var joined: [FileSlice] = []
        for slice in slices {
            var (place, length) = (slice.pieceOffset, slice.length)
            while length > 0 {
                let position = start + Int64(place)
                let part = Int(min(Int64(length), chunk - position % chunk))
                let file = FileIndex(Int(position / chunk))
                if let last = joined.last, last.file == file,
                    last.pieceOffset + last.length == place
                {
                    joined[joined.count - 1] = FileSlice(
                        file: file, fileOffset: last.fileOffset, pieceOffset: last.pieceOffset,
                        length: last.length + part)
                } else {
                    joined.append(
                        FileSlice(
                            file: file, fileOffset: position % chunk, pieceOffset: place,
                            length: part))
                }
                place += part
                length -= part
            }
        }
        return joined
    }
}
