package import Metainfo
package import TorrentCore

/// A torrent as the mounted tree needs it.
package struct TreeTorrent: Sendable {
    /// What names it.
    package let identity: TorrentIdentity
    /// Its name as the torrent gives it: raw bytes, anything may be in them.
    package let name: [UInt8]
    /// Its files.
    package let layout: FileLayout
    /// Nominal piece length in bytes.
    package let pieceLength: Int
    /// How many pieces it has.
    package let pieceCount: Int
    /// Seconds since 1970, within `dates`.
    package let modificationTime: Int64
    /// The files that are wanted (BEP 53); nil: all.
    package let selection: FileSelection?

    /// Creation dates are held to these: the years 1970 to 9999, which every tool can print.
    package static let dates: ClosedRange<Int64> = 0...253_402_300_799

    /// A torrent; a `creationDate` that is absent or out of range counts as 1970 or 9999.
    package init(
        identity: TorrentIdentity, name: [UInt8], layout: FileLayout, geometry: PieceGeometry,
        creationDate: Int64?, selection: FileSelection? = nil
    ) {
        self.identity = identity
        self.name = name
        self.layout = layout
        pieceLength = geometry.pieceLength
        pieceCount = geometry.pieceCount
        self.selection = selection
        modificationTime = min(
            max(creationDate ?? 0, Self.dates.lowerBound), Self.dates.upperBound)
    }

    /// The torrent that `metainfo` describes.
    package init(_ metainfo: TorrentMetainfo, selection: FileSelection? = nil) {
        self.init(
            identity: metainfo.info.identity, name: metainfo.info.name,
            layout: metainfo.info.layout, geometry: metainfo.info.geometry,
            creationDate: metainfo.creationDate, selection: selection)
    }

    /// Whether a file may be fetched ahead of reads.
    package func isSelected(_ file: FileIndex) -> Bool { selection?.contains(file) ?? true }

    /// The first 64 bits of the hash that names the torrent: where its inode numbers start from.
    var inodeSeed: UInt64 {
        let bytes = identity.v1?.bytes ?? identity.v2?.bytes ?? []
        return bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
