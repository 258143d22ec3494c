package import TorrentCore

extension DirectoryTree {
    /// The node at a path from the mount's top, `/` between names; empty for the top itself. Links
    /// are not followed.
    package func node(at path: String) -> NodeID? {
        var node = NodeID.root
        for name in path.utf8.split(separator: UInt8(ascii: "/")) {
            guard let next = lookup(Array(name).span, in: node) else { return nil }
            node = next
        }
        return node
    }

    /// The regular files at and below a node, by torrent and file, without any order. Linear in what
    /// is below.
    package func files(below node: NodeID) -> [(torrent: Int, file: FileIndex)] {
        var found: [(torrent: Int, file: FileIndex)] = []
        var open = [node]
        while let node = open.popLast() {
            switch kind(of: node) {
            case .file(let torrent, let file): found.append((torrent, file))
            case .link: continue
            case .directory:
                for position in 0..<childCount(of: node) {
                    open.append(child(position, of: node))
                }
            }
        }
        return found
    }
}
