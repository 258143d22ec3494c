package import TorrentCore

/// Which files a torrent has and where they lie in its pieces.
///
/// Made for a million files: a few numbers a file, and names stay in the info dictionary's bytes,
/// which the layout shares. All offsets are checked when the layout is built.
package struct FileLayout: Sendable {
    /// Length of the payload in bytes: the end of the last file, padding files included. In a
    /// v2-only torrent each file starts at a piece, and the gaps count.
    package let totalLength: Int64
    /// What the files hold together, padding left out.
    package let payloadLength: Int64
    /// Whether the torrent is one file, without a folder around it.
    package let isSingleFile: Bool
    /// Whether there are padding files.
    package let hasPadding: Bool

    /// The info dictionary that names and roots are read from.
    let info: [UInt8]
    /// The torrent's name, which a single file bears.
    let name: Range<Int>
    let pieceLength: Int64
    /// Where each file starts; ascending.
    let offsets: [Int64]
    let lengths: [Int64]
    let flags: [UInt8]
    let paths: FilePaths
    /// Where in `info` each file's pieces root stands, zero for none; empty in v1.
    let roots: [UInt32]
    let symlinks: SymlinkTable

    /// How many files there are, padding files included.
    package var count: Int { lengths.count }

    /// Every file.
    package var files: Range<FileIndex> { FileIndex(0)..<FileIndex(count) }

    /// Length in bytes.
    package func length(of file: FileIndex) -> Int64 { lengths[file.value] }

    /// Where the file starts in the payload.
    package func offset(of file: FileIndex) -> Int64 { offsets[file.value] }

    /// Attributes (BEP 47).
    package func attributes(of file: FileIndex) -> FileAttributes {
        FileAttributes(rawValue: flags[file.value])
    }

    /// The components of the file's path inside of the torrent's folder, as raw bytes: anything may
    /// be in them. For a single-file torrent just the torrent's name.
    package func path(of file: FileIndex) -> [[UInt8]] {
        if isSingleFile { return [Array(info[name])] }
        let path = paths.components(of: file.value, in: info).map { Array(info[$0]) }
        guard path.isEmpty else { return path }
        // Only padding files come without a path; libtorrent gives them this one.
        return [Array(".pad".utf8), Array(String(length(of: file)).utf8)]
    }

    /// Where a symbolic link points to, as components from the torrent's folder (BEP 47): raw bytes
    /// from the torrent. Nil for other files.
    package func symlinkTarget(of file: FileIndex) -> [[UInt8]]? {
        symlinks.target(of: file.value).map { start in
            FilePaths.strings(at: start, in: info).map { Array(info[$0]) }
        }
    }

    /// The root of the file's Merkle tree; nil in v1, and for files without content.
    package func piecesRoot(of file: FileIndex) -> SHA256Digest? {
        guard !roots.isEmpty, roots[file.value] != 0 else { return nil }
        let start = Int(roots[file.value])
        return SHA256Digest(info[start..<start + SHA256Digest.byteCount])
    }
}
