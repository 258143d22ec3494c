/// The clients that swarmfs must work with, as seeder and as leecher.
package enum RealClient: String, CaseIterable, Sendable, CustomStringConvertible {
    case libtorrent, transmission, aria2, qbittorrent

    package var description: String { rawValue }

    /// A piece length that is no power of two and that the client takes. Transmission halves it
    /// until a block fits into 16 KiB and must not meet an odd number; the others take any.
    package var oddPieceLength: Int { self == .transmission ? 49_152 : 50_001 }

    /// The clients that read hybrid torrents. An empty key, which every file tree of v2 has, makes
    /// Transmission 3.00 refuse the torrent and aria2 1.36 compute another infohash.
    package static let readingHybrids: [RealClient] = [.libtorrent, .qbittorrent]
}
