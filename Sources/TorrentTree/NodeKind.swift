package import TorrentCore

/// What a node is, and which file of which torrent stands behind it.
package enum NodeKind: Equatable, Sendable {
    /// A directory; `torrent` is nil only for the mount's top directory.
    case directory(torrent: Int?)
    /// A regular file of the torrent at this position.
    case file(torrent: Int, file: FileIndex)
    /// A symbolic link of the torrent at this position (BEP 47).
    case link(torrent: Int, file: FileIndex)

    /// The position of the node's torrent; nil for the mount's top directory.
    package var torrent: Int? {
        switch self {
        case .directory(let torrent): torrent
        case .file(let torrent, _), .link(let torrent, _): torrent
        }
    }

    /// Whether the node has children.
    package var isDirectory: Bool {
        if case .directory = self { true } else { false }
    }
}
