import Bencode
import TorrentCore

/// Collects a torrent's files while they are parsed, with all arithmetic checked.
struct FileLayoutBuilder {
    let document: BencodeDocument
    /// Where the info dictionary starts in the document; layouts count from there.
    let base: Int
    let pieceLength: Int64
    let limits: MetainfoLimits
    /// Whether each file starts at a piece (v2).
    let isAligned: Bool

    var offsets: [Int64] = []
    var lengths: [Int64] = []
    var flags: [UInt8] = []
    var roots: [UInt32] = []
    var symlinks = SymlinkTable()
    var payloadLength: Int64 = 0
    var totalLength: Int64 = 0
    var hasPadding = false

    init(
        document: BencodeDocument, info: BencodeNode, pieceLength: Int, limits: MetainfoLimits,
        isAligned: Bool
    ) {
        self.document = document
        base = document.range(of: info).lowerBound
        self.pieceLength = Int64(pieceLength)
        self.limits = limits
        self.isAligned = isAligned
    }

    /// Adds a file behind the last one.
    mutating func append(
        length: Int64, attributes: FileAttributes, symlink: BencodeNode?
    ) throws(MetainfoError) {
        guard lengths.count < limits.files else { throw .tooMany("files") }
        guard length >= 0 else { throw .badLength }
        var offset = totalLength
        if isAligned, length > 0 {
            // A sum that overflows here is noticed at the addition below.
            let rest = offset % pieceLength
            if rest != 0 { offset = try Self.sum(offset, pieceLength - rest) }
        }
        let end = try Self.sum(offset, length)
        guard (end - 1) / pieceLength < Int64(limits.pieces) else { throw .tooMany("pieces") }
        if let symlink {
            symlinks.append(file: lengths.count, target: try components(of: symlink))
        }
        offsets.append(offset)
        lengths.append(length)
        flags.append(attributes.rawValue)
        totalLength = end
        if attributes.contains(.padding) { hasPadding = true } else { payloadLength += length }
    }

    /// Checks a list of path components; gives where it starts, past the `l`, in the info
    /// dictionary.
    func components(of list: BencodeNode) throws(MetainfoError) -> Int {
        var depth = 0
        var element = document.firstElement(list)
        while let current = element {
            depth += 1
            guard depth <= limits.pathDepth else { throw .tooMany("directories above a file") }
            guard let range = document.stringRange(current) else { throw .badField("path") }
            guard range.count <= limits.nameBytes else { throw .tooMany("bytes in a name") }
            element = document.nextElement(after: current)
        }
        return document.range(of: list).lowerBound + 1 - base
    }

    /// The layout of all files added.
    consuming func build(
        info: [UInt8], name: Range<Int>, isSingleFile: Bool, paths: FilePaths
    ) -> FileLayout {
        FileLayout(
            totalLength: totalLength, payloadLength: payloadLength, isSingleFile: isSingleFile,
            hasPadding: hasPadding, info: info, name: name, pieceLength: pieceLength,
            offsets: offsets, lengths: lengths, flags: flags, paths: paths, roots: roots,
            symlinks: symlinks)
    }

    private static func sum(_ left: Int64, _ right: Int64) throws(MetainfoError) -> Int64 {
        let (sum, overflow) = left.addingReportingOverflow(right)
        guard !overflow else { throw .badLength }
        return sum
    }
}
