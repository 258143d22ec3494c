import TorrentCore

/// What a lookup is for.
enum LookupTask {
    /// To know the nodes around the target: around ourselves, or in a part of the table.
    case nodes(isBootstrap: Bool)
    /// To find a torrent's peers, and to announce ourselves as one.
    case peers(SHA1Digest, announce: DHTAnnounce?)
    /// To find an item, and to put another one in its place.
    case item(salt: [UInt8], put: DHTItem?, expected: Int64?)
}
