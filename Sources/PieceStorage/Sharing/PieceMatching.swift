import Metainfo
import TorrentCore

/// Finds pieces of one torrent in others by what they must hash to.
///
/// Pieces of the same length and hash are the same wherever they stand: an unchanged part of a v1
/// torrent whose pieces line up, or of a file in v2. Files of the same pieces root (BEP 52) are the
/// same whatever the piece length.
struct PieceMatching {
    /// A piece that another torrent holds too.
    struct Match: Equatable {
        let piece: PieceIndex
        /// Where it begins in the other torrent's payload.
        let position: Int64
    }

    private let metainfo: TorrentMetainfo
    /// The pieces looked for, by the first bytes of their hashes, sorted: 16 bytes each, where a
    /// dictionary takes three times that.
    private var keys: [(key: UInt64, piece: PieceIndex)] = []
    /// The files looked for.
    private var roots: [SHA256Digest: FileIndex] = [:]
    private let isMissing: (PieceIndex) -> Bool

    /// Looks for these pieces of a torrent.
    init(_ metainfo: TorrentMetainfo, missing isMissing: @escaping (PieceIndex) -> Bool) {
        self.metainfo = metainfo
        self.isMissing = isMissing
        let info = metainfo.info
        for piece in info.geometry.pieces where isMissing(piece) {
            if let key = Self.key(of: piece, in: metainfo) { keys.append((key, piece)) }
        }
        keys.sort { $0.key < $1.key }
        guard info.identity.v2 != nil else { return }
        for file in info.layout.files {
            guard let root = info.layout.piecesRoot(of: file),
                info.layout.pieces(of: file).contains(where: isMissing)
            else { continue }
            roots[root] = file
        }
    }

    /// The pieces that `other` holds, of which `cached` are on disk; each once, in any order.
    func matches(in other: TorrentMetainfo, cached: Bitfield) -> [Match] {
        var found = Bitfield(count: metainfo.info.geometry.pieceCount)
        var matches: [Match] = []
        let add = { (piece: PieceIndex, position: Int64) in
            guard !found[piece] else { return }
            found[piece] = true
            matches.append(Match(piece: piece, position: position))
        }
        matchFiles(in: other, cached, add)
        if other.info.pieceLength == metainfo.info.pieceLength {
            matchPieces(in: other, cached, add)
        }
        return matches
    }

    private func matchPieces(
        in other: TorrentMetainfo, _ cached: Bitfield, _ add: (PieceIndex, Int64) -> Void
    ) {
        // The pieces of one key are gone through once: of zeros there may be very many on both sides.
        var isSettled = Bitfield(count: keys.count)
        for run in cached.runs {
            for piece in run {
                guard let key = Self.key(of: piece, in: other) else { continue }
                var index = firstKey(notBelow: key)
                guard index < keys.count, !isSettled[PieceIndex(index)] else { continue }
                isSettled[PieceIndex(index)] = keys[index].key == key
                while index < keys.count, keys[index].key == key {
                    let mine = keys[index].piece
                    if isSame(mine, piece, in: other) {
                        add(mine, Int64(piece.value) * Int64(other.info.pieceLength))
                    }
                    index += 1
                }
            }
        }
    }

    private func matchFiles(
        in other: TorrentMetainfo, _ cached: Bitfield, _ add: (PieceIndex, Int64) -> Void
    ) {
        guard !roots.isEmpty, other.info.identity.v2 != nil else { return }
        let (layout, theirs) = (metainfo.info.layout, other.info.layout)
        for source in theirs.files {
            guard let root = theirs.piecesRoot(of: source), let file = roots[root],
                theirs.length(of: source) == layout.length(of: file)
            else { continue }
            for piece in layout.pieces(of: file) where isMissing(piece) {
                // In these torrents a piece begins with its file, and holds no other.
                let start =
                    Int64(piece.value) * Int64(metainfo.info.pieceLength) - layout.offset(of: file)
                let needed = theirs.pieces(
                    of: source, offset: start, count: metainfo.info.pieceLength)
                guard start >= 0, cached.first(in: needed, isSet: false) == nil else { continue }
                add(piece, theirs.offset(of: source) + start)
            }
        }
    }

    private func firstKey(notBelow key: UInt64) -> Int {
        var (low, high) = (0, keys.count)
        while low < high {
            let middle = (low + high) / 2
            if keys[middle].key < key { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Whether a piece of ours hashes like one of theirs; hybrids by their SHA-1, as v1 torrents.
    private func isSame(
        _ mine: PieceIndex, _ theirs: PieceIndex, in other: TorrentMetainfo
    ) -> Bool {
        if let left = metainfo.info.pieceHash(mine), let right = other.info.pieceHash(theirs) {
            return left == right
        }
        return metainfo.verification(of: mine) == other.verification(of: theirs)
    }

    private static func key(of piece: PieceIndex, in metainfo: TorrentMetainfo) -> UInt64? {
        if let hash = metainfo.info.pieceHash(piece) { return prefix(hash.bytes) }
        guard case .merkle(let root, _) = metainfo.verification(of: piece) else { return nil }
        return prefix(root.bytes)
    }

    private static func prefix(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
