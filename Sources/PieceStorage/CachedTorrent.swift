package import TorrentCore

/// A torrent that a cache knows, as its catalogue and its files say.
package struct CachedTorrent: Sendable {
    /// What names it.
    package let identity: TorrentIdentity
    /// The torrent's name: raw bytes, anything may be in them.
    package let name: [UInt8]
    /// Bytes of all its files, padding left out.
    package let size: Int64
    /// Bytes of a piece.
    package let pieceLength: Int64
    /// How many pieces it has.
    package let pieces: Int
    /// How many of them the catalogue vouches for.
    package let piecesCached: Int
    /// What its files take on disk, in bytes: real blocks, holes left out.
    package let diskBytes: Int64
    /// When it came to the cache, in seconds since 1970.
    package let added: Int64
    /// When it was last opened, in seconds since 1970.
    package let lastUse: Int64
    /// Which process has it open; nil where none has.
    package let holder: TorrentHolder?

    /// Its row in the catalogue.
    let id: Int64
    /// Its folder in the cache.
    let folder: String
}
