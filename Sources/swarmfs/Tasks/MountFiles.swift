import ControlAPI
import Metainfo
import PieceStorage
import TorrentCore
import TorrentEngine
import TorrentTree

/// Files of a mount that a client named, sorted by torrent.
struct MountFiles {
    /// The files of one torrent.
    struct Group: Sendable {
        let store: PieceStore
        let layout: FileLayout
        /// Ascending, each once.
        let files: [FileIndex]
    }

    let groups: [Group]

    /// How many there are.
    var count: Int { groups.reduce(0) { $0 + $1.files.count } }

    /// The files at and below paths from the mount's top.
    ///
    /// - Parameter onlySelected: of a path with files that a magnet link selects (BEP 53) only those
    ///   count. A path with none of them names its files by itself.
    init(
        _ paths: [String], _ torrents: [SessionTorrent], _ tree: DirectoryTree,
        onlySelected: Bool = false
    ) throws(ControlError) {
        var found = [Set<FileIndex>](repeating: [], count: torrents.count)
        for path in paths {
            guard let node = tree.node(at: path) else {
                throw .impossible("there is no \(path) in the mount")
            }
            let files = tree.files(below: node)
            let selected =
                onlySelected ? files.filter { tree.torrents[$0.torrent].isSelected($0.file) } : []
            for (torrent, file) in selected.isEmpty ? files : selected {
                found[torrent].insert(file)
            }
        }
        groups = zip(torrents, found).compactMap { torrent, files in
            guard !files.isEmpty else { return nil }
            return Group(
                store: torrent.store, layout: torrent.metainfo.info.layout, files: files.sorted())
        }
    }
}

extension MountFiles.Group {
    /// The pieces that hold the files, or a span of each, as ascending ranges that do not touch.
    func pieces(in span: ByteSpan?) -> [Range<PieceIndex>] {
        var ranges: [Range<PieceIndex>] = []
        for file in files {
            let start = min(span?.start ?? 0, layout.length(of: file))
            let end = min(span?.end ?? .max, layout.length(of: file))
            let pieces = layout.pieces(of: file, offset: start, count: Int(max(0, end - start)))
            guard !pieces.isEmpty else { continue }
            if let last = ranges.last, last.upperBound >= pieces.lowerBound {
                ranges[ranges.count - 1] =
                    last.lowerBound..<max(last.upperBound, pieces.upperBound)
            } else {
                ranges.append(pieces)
            }
        }
        return ranges
    }
}
