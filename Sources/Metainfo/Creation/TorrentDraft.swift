import TorrentCore

/// A torrent that is being made: which files in which order, and how they fall into pieces. Whoever
/// hashes the pieces gets the finished torrent from `metainfo`.
///
/// The choices are libtorrent's, so that the same files and settings give the same infohash: files
/// sorted by path components; in hybrid torrents padding behind each file of several, also the
/// last; no padding in v1-only ones.
package struct TorrentDraft: Sendable {
    /// A file or a stretch of padding.
    package struct Entry: Sendable {
        /// The file, by its position in `files`; nil for padding.
        package let file: Int?
        /// Where it starts in the payload, in bytes.
        package let offset: Int64
        /// Length in bytes.
        package let length: Int64
    }

    /// The name of the file or folder.
    package let name: [UInt8]
    /// Whether there is one file without a folder around it.
    package let isSingleFile: Bool
    /// The settings.
    package let options: TorrentOptions
    /// Length of a piece in bytes.
    package let pieceLength: Int
    /// The files in their final order.
    package let files: [DraftFile]
    /// Files and padding in order, aligned to pieces unless the torrent is v1-only.
    package let entries: [Entry]
    /// How many pieces there are to hash.
    package let pieceCount: Int
    let links: DraftLinks

    /// Sorts the files and lays them out.
    package init(
        name: [UInt8], isSingleFile: Bool, files: [DraftFile], options: TorrentOptions,
        limits: MetainfoLimits = .standard
    ) throws(DraftError) {
        var total: Int64 = 0
        for file in files {
            let (sum, overflow) = total.addingReportingOverflow(file.length)
            guard !overflow, file.length >= 0 else { throw .tooLarge }
            total = sum
        }
        guard total > 0 else { throw .noContent }
        guard files.count <= limits.files / 2 else { throw .tooLarge }
        self.name = name
        self.isSingleFile = isSingleFile
        self.options = options
        pieceLength = try Self.pieceLength(options, total: total, limits: limits)
        self.files = files.sorted { Self.precedes($0.path, $1.path) }
        links = DraftLinks(self.files)
        entries = try Self.layOut(self.files, pieceLength: pieceLength, version: options.version)
        guard let last = entries.last else { throw .noContent }
        let pieces = (last.offset + last.length - 1) / Int64(pieceLength) + 1
        guard pieces <= Int64(limits.pieces) else { throw .tooLarge }
        pieceCount = Int(pieces)
    }

    /// libtorrent's table: pieces of about 20 bytes for every `10 * sqrt(total)`, by powers of two
    /// from 16 KiB to 16 MiB.
    package static func automaticPieceLength(total: Int64) -> Int {
        let bounds: [Int64] = [
            2_684_355, 10_737_418, 42_949_673, 171_798_692, 687_194_767, 2_748_779_069,
            10_995_116_278, 43_980_465_111, 175_921_860_444, 703_687_441_777,
        ]
        return BlockRequest.standardLength << bounds.count { $0 < total }
    }

    /// The parts of files in a piece, in order; padding is left out, and stands for zeros. `file`
    /// counts in `files`.
    package func parts(
        of piece: Int
    ) -> [(file: Int, fileOffset: Int64, pieceOffset: Int, length: Int)] {
        var parts: [(file: Int, fileOffset: Int64, pieceOffset: Int, length: Int)] = []
        let start = Int64(piece) * Int64(pieceLength)
        let end = start + Int64(pieceLength)
        var low = 0
        var high = entries.count
        // The last entry that starts no later than the piece does, hence the first to look at.
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].offset <= start { low = middle + 1 } else { high = middle }
        }
        var position = max(0, low - 1)
        while position < entries.count, entries[position].offset < end {
            let entry = entries[position]
            let from = max(start, entry.offset)
            let to = min(end, entry.offset + entry.length)
            if let file = entry.file, from < to {
                parts.append((file, from - entry.offset, Int(from - start), Int(to - from)))
            }
            position += 1
        }
        return parts
    }

    /// Length of a piece in bytes, padding included; the last may be short.
    package func length(of piece: Int) -> Int {
        guard let last = entries.last else { return 0 }
        let start = Int64(piece) * Int64(pieceLength)
        return Int(min(Int64(pieceLength), last.offset + last.length - start))
    }

    // MARK: - Layout

    private static func pieceLength(
        _ options: TorrentOptions, total: Int64, limits: MetainfoLimits
    ) throws(DraftError) -> Int {
        guard let given = options.pieceLength else { return automaticPieceLength(total: total) }
        let isPower = given > 0 && given & (given - 1) == 0
        let isWhole = given > 0 && given.isMultiple(of: BlockRequest.standardLength)
        let isAllowed =
            options.version == .v1
            ? isPower || isWhole : isPower && given >= BlockRequest.standardLength
        guard isAllowed, given <= limits.pieceLength else { throw .badPieceLength(given) }
        return given
    }

    /// Order by components: `/` sorts before every other byte, for a component that ends sorts
    /// before a longer one.
    private static func precedes(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        for (a, b) in zip(left, right) where a != b {
            if a == UInt8(ascii: "/") { return true }
            return b != UInt8(ascii: "/") && a < b
        }
        return left.count < right.count
    }

    private static func layOut(
        _ files: [DraftFile], pieceLength: Int, version: TorrentVersion
    ) throws(DraftError) -> [Entry] {
        var entries: [Entry] = []
        entries.reserveCapacity(files.count)
        var offset: Int64 = 0
        for (index, file) in files.enumerated() {
            entries.append(Entry(file: index, offset: offset, length: file.length))
            guard Int64.max - offset - file.length > Int64(pieceLength) else { throw .tooLarge }
            offset += file.length
            let rest = offset % Int64(pieceLength)
            // A single file is never padded, as its v1 half has no list to put padding in.
            guard version != .v1, files.count > 1, rest != 0 else { continue }
            let padding = Int64(pieceLength) - rest
            entries.append(Entry(file: nil, offset: offset, length: padding))
            offset += padding
        }
        return entries
    }
}
