package import TorrentCore

/// A magnet link: a torrent's name and hints on where to find it (BEP 9, BEP 53).
package struct MagnetLink: Equatable, Sendable {
    /// Bytes of a link. Links with hundreds of trackers are in use, and take 30 KiB.
    package static let maximumLength = 256 * 1024
    /// Trackers, web seeds, peers and ranges of files that are kept, each; nobody can use more.
    package static let maximumHints = 1024

    /// The infohash, or both of a hybrid torrent.
    package let identity: TorrentIdentity
    /// What to call the torrent until its metadata is there (`dn`).
    package let displayName: String?
    /// URLs of trackers (`tr`).
    package let trackers: [String]
    /// URLs of HTTP servers with the files (`ws`).
    package let webSeeds: [String]
    /// http(s) URLs of the .torrent file (`xs`, `as`).
    package let metadataURLs: [String]
    /// Peers as `host:port`, IPv6 addresses in brackets (`x.pe`).
    package let peers: [String]
    /// Which files are wanted, by position (`so`); nil for all.
    package let selectedFiles: [ClosedRange<Int>]?

    /// The same to look files up in.
    package var selection: FileSelection? { selectedFiles.map { FileSelection($0) } }

    /// A link put together.
    package init(
        identity: TorrentIdentity, displayName: String? = nil, trackers: [String] = [],
        webSeeds: [String] = [], metadataURLs: [String] = [], peers: [String] = [],
        selectedFiles: [ClosedRange<Int>]? = nil
    ) {
        self.identity = identity
        self.displayName = displayName
        self.trackers = trackers
        self.webSeeds = webSeeds
        self.metadataURLs = metadataURLs
        self.peers = peers
        self.selectedFiles = selectedFiles
    }

    /// Reads a link. Hints that cannot be used and parameters of no known meaning are passed over;
    /// `xt` and `so` decide what is mounted, so faults in them are errors.
    package init(parsing text: String) throws(MagnetError) {
        guard text.utf8.count <= Self.maximumLength else { throw .tooLong }
        let scheme = "magnet:?"
        guard text.utf8.count >= scheme.utf8.count,
            text.utf8.prefix(scheme.utf8.count).elementsEqual(
                scheme.utf8, by: { $0 == $1 || $0 == $1 & 0xDF })
        else { throw .notAMagnetLink }
        var fields = MagnetFields()
        let parameters = Array(text.utf8.dropFirst(scheme.utf8.count))
        for parameter in parameters.split(separator: UInt8(ascii: "&")) {
            try fields.read(parameter)
        }
        try self.init(
            identity: fields.identity(), displayName: fields.displayName,
            trackers: fields.trackers, webSeeds: fields.webSeeds,
            metadataURLs: fields.metadataURLs, peers: fields.peers,
            selectedFiles: fields.selectedFiles)
    }
}
