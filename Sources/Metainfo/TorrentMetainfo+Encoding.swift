import Bencode
import TorrentCore

extension TorrentMetainfo {
    /// The .torrent file: canonical, and the info dictionary exactly as it came.
    package func encoded() -> [UInt8] {
        var writer = BencodeWriter()
        writer.reserveCapacity(info.bytes.count + pieceLayers.nodes.count + 4096)
        writer.dictionary { writer in
            encodeTrackers(into: &writer)
            if let comment {
                writer.key("comment")
                writer.string(comment)
            }
            if let createdBy {
                writer.key("created by")
                writer.string(createdBy)
            }
            if let creationDate {
                writer.key("creation date")
                writer.integer(creationDate)
            }
            writer.key("info")
            writer.encoded(info.bytes)
            if info.version != .v1 { encodeLayers(into: &writer) }
            if !webSeeds.isEmpty { encodeWebSeeds(into: &writer) }
        }
        return writer.bytes
    }

    private func encodeTrackers(into writer: inout BencodeWriter) {
        guard let first = announceTiers.first?.first else { return }
        writer.key("announce")
        writer.string(first)
        guard announceTiers.count > 1 || announceTiers[0].count > 1 else { return }
        writer.key("announce-list")
        writer.list { writer in
            for tier in announceTiers where !tier.isEmpty {
                writer.list { writer in
                    for tracker in tier { writer.string(tracker) }
                }
            }
        }
    }

    private func encodeLayers(into writer: inout BencodeWriter) {
        let layout = info.layout
        var entries: [(root: [UInt8], file: FileIndex)] = []
        for file in layout.files {
            guard layout.length(of: file) > layout.pieceLength,
                pieceLayers.node(file: file, piece: 0) != nil,
                let root = layout.piecesRoot(of: file)
            else { continue }
            entries.append((root.bytes, file))
        }
        entries.sort { $0.root.lexicographicallyPrecedes($1.root) }
        writer.key("piece layers")
        writer.dictionary { writer in
            var last: [UInt8] = []
            for entry in entries where entry.root != last {
                guard let layer = pieceLayers.layer(of: entry.file, in: layout) else { continue }
                writer.key(entry.root)
                writer.string(layer)
                last = entry.root
            }
        }
    }

    /// A single web seed stands without a list, as libtorrent writes it.
    private func encodeWebSeeds(into writer: inout BencodeWriter) {
        writer.key("url-list")
        if webSeeds.count == 1 {
            writer.string(webSeeds[0])
        } else {
            writer.list { writer in
                for seed in webSeeds { writer.string(seed) }
            }
        }
    }
}
