import Foundation

/// A .torrent file that a test made of a dataset, with libtorrent or by hand but not with swarmfs.
package struct TorrentFile: Sendable {
    /// The versions of the format.
    package enum Version: String, Sendable, CaseIterable {
        case v1, v2, hybrid
    }

    /// Its path.
    package let path: String
    /// 40 hexadecimal digits, for v1 and hybrid.
    package let infohash: String?
    /// 64 hexadecimal digits, for v2 and hybrid.
    package let infohashV2: String?
    /// The torrent's name.
    package let name: String
    /// Bytes of a piece.
    package let pieceLength: Int
    /// How many pieces there are.
    package let pieceCount: Int

    /// The magnet link with nothing but the identity and, where given, trackers.
    package func magnet(trackers: [String] = []) -> String {
        var topics: [String] = []
        if let infohash { topics.append("xt=urn:btih:\(infohash)") }
        if let infohashV2 { topics.append("xt=urn:btmh:1220\(infohashV2)") }
        let escaped = trackers.map { url in
            "tr=" + (url.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? url)
        }
        return "magnet:?" + (topics + escaped).joined(separator: "&")
    }

    /// Makes the torrent of a dataset.
    ///
    /// - Parameter pieceLength: for v1 any length; what is no multiple of 16 KiB is hashed by
    ///   hand, since libtorrent makes no such torrent, though it downloads them.
    package init(
        of dataset: Dataset, at path: String, version: Version = .v1, pieceLength: Int = 65_536,
        trackers: [String] = [], isPrivate: Bool = false
    ) throws {
        struct Created: Decodable {
            let infohash: String?
            let infohashV2: String?
            let name: String
            let pieces: Int
            let pieceLength: Int
        }
        var command = PythonScript.libtorrentPeer.command
        command += ["create", dataset.path, "-o", path, "--version", version.rawValue]
        command += ["--piece-length", String(pieceLength)]
        if pieceLength % 16_384 != 0 { command.append("--by-hand") }
        if isPrivate { command.append("--private") }
        for tracker in trackers { command += ["--tracker", tracker] }
        let child = try ChildProcess(command)
        let created = try child.waitForEvent("created", as: Created.self)
        try child.wait()
        self.path = path
        infohash = created.infohash
        infohashV2 = created.infohashV2
        name = created.name
        self.pieceLength = created.pieceLength
        pieceCount = created.pieces
    }
}
