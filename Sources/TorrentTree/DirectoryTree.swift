import Metainfo
import TorrentCore

/// The mounted namespace: what is in which directory, under which name, with which attributes.
///
/// Immutable, and the same for the same torrents in the same order. Look-ups and attributes cost
/// O(1); memory is about 45 bytes a file and its name. Names come from torrents through one rule
/// (`NameRule`): a usable name stands as it is; any other is replaced, with a hash or a number, so
/// that no two nodes of a directory share a name.
package struct DirectoryTree: Sendable {
    /// The torrents, in the order given; one top entry each.
    package let torrents: [TreeTorrent]
    let nodes: NodeStore
    let renamedDirectories: [TreeBuilder.RawName: UInt32]
    let renamedFiles: [TreeBuilder.RawName: UInt32]
    private let rawNames: [UInt32: [UInt8]]
    /// The first node of each torrent, which is its top entry; ascending.
    private let tops: [UInt32]
    /// All nodes but the root, grouped by directory; where each directory's group starts.
    private let children: [UInt32]
    private let childStarts: [UInt32]
    private let subdirectoryCounts: [UInt32]

    /// Builds the tree: O(files), once per mount.
    package init(torrents: [TreeTorrent]) {
        var builder = TreeBuilder()
        var tops: [UInt32] = []
        for torrent in torrents { tops.append(builder.append(torrent)) }
        self.torrents = torrents
        self.tops = tops
        nodes = builder.nodes
        renamedDirectories = builder.renamedDirectories
        renamedFiles = builder.renamedFiles
        rawNames = builder.rawNames

        // A counting sort by directory; stable, so that children stand in the torrent's order.
        var starts = [UInt32](repeating: 0, count: builder.directoryCount + 1)
        var subdirectories = [UInt32](repeating: 0, count: builder.directoryCount)
        for node in 1..<max(1, UInt32(nodes.count)) {
            guard let parent = nodes.directory(nodes.parent(of: node)) else { continue }
            starts[parent + 1] += 1
            if nodes.directory(node) != nil { subdirectories[parent] += 1 }
        }
        for directory in 0..<builder.directoryCount { starts[directory + 1] += starts[directory] }
        var next = starts
        var children = [UInt32](repeating: 0, count: nodes.count - 1)
        for node in 1..<max(1, UInt32(nodes.count)) {
            guard let parent = nodes.directory(nodes.parent(of: node)) else { continue }
            children[Int(next[parent])] = node
            next[parent] += 1
        }
        self.children = children
        childStarts = starts
        subdirectoryCounts = subdirectories
    }

    /// How many nodes there are, the root included; node numbers are below this.
    package var nodeCount: Int { nodes.count }

    /// The node of that name in a directory; nil where there is none.
    package func lookup(_ name: Span<UInt8>, in directory: NodeID) -> NodeID? {
        nodes.find(name, in: directory.rawValue).map { NodeID($0) }
    }

    /// The directory that holds a node; the root holds itself.
    package func parent(of node: NodeID) -> NodeID { NodeID(nodes.parent(of: node.rawValue)) }

    /// The position of a node's torrent; nil for the root.
    package func torrent(of node: NodeID) -> Int? {
        guard node != .root else { return nil }
        // The last torrent whose top is not behind the node.
        var low = 0
        var high = tops.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if tops[middle] <= node.rawValue { low = middle } else { high = middle }
        }
        return low
    }

    /// A torrent's top entry: its folder or its single file.
    package func top(of torrent: Int) -> NodeID { NodeID(tops[torrent]) }

    /// What a node is.
    package func kind(of node: NodeID) -> NodeKind {
        let torrent = torrent(of: node)
        guard let torrent, nodes.directory(node.rawValue) == nil else {
            return .directory(torrent: torrent)
        }
        let file = FileIndex(Int(nodes.file(node.rawValue)))
        return torrents[torrent].layout.attributes(of: file).contains(.symlink)
            ? .link(torrent: torrent, file: file) : .file(torrent: torrent, file: file)
    }

    /// How many children a directory has; zero for other nodes. A child's position, from zero, is
    /// the cursor to read a directory by, and never changes.
    package func childCount(of node: NodeID) -> Int {
        guard let directory = nodes.directory(node.rawValue) else { return 0 }
        return Int(childStarts[directory + 1] - childStarts[directory])
    }

    /// The child at a position below `childCount`.
    package func child(_ position: Int, of node: NodeID) -> NodeID {
        guard let directory = nodes.directory(node.rawValue) else {
            preconditionFailure("only directories have children")
        }
        return NodeID(children[Int(childStarts[directory]) + position])
    }

    /// The inode number: `NodeAttributes.inode` alone.
    package func inode(of node: NodeID) -> UInt64 {
        guard let torrent = torrent(of: node) else { return 1 }
        // Different files of a torrent get different numbers: SplitMix64 is a bijection. Folders
        // are counted behind the files.
        let file =
            if let directory = nodes.directory(node.rawValue) {
                UInt64(torrents[torrent].layout.count) + UInt64(directory)
                    - UInt64(nodes.directory(tops[torrent]) ?? 0)
            } else {
                UInt64(nodes.file(node.rawValue))
            }
        var random = SeededRandom(
            seed: torrents[torrent].inodeSeed &+ file &* 0x9E37_79B9_7F4A_7C15)
        // Zero means "none" in directories, and one is the root's.
        return max(2, random.next())
    }

    /// What `stat` says, but for what is cached; O(1), for a link O(length of its target).
    package func attributes(of node: NodeID) -> NodeAttributes {
        let kind = kind(of: node)
        var permissions: UInt16 = 0o555
        var linkCount: UInt32 = 1
        var size: Int64 = 0
        switch kind {
        case .directory:
            size = 4096
            linkCount = 2 + (nodes.directory(node.rawValue).map { subdirectoryCounts[$0] } ?? 0)
        case .file(let torrent, let file):
            let layout = torrents[torrent].layout
            size = layout.length(of: file)
            if !layout.attributes(of: file).contains(.executable) { permissions = 0o444 }
        case .link:
            permissions = 0o777
            size = Int64((try? linkText(of: node))?.count ?? 0)
        }
        let newest = torrents.lazy.map(\.modificationTime)
        return NodeAttributes(
            inode: inode(of: node), permissions: permissions, linkCount: linkCount, size: size,
            modificationTime: kind.torrent.map { torrents[$0].modificationTime } ?? newest.max()
                ?? 0)
    }

    /// Calls `body` with a node's name, which a NUL follows in memory; empty for the root.
    package func withName<Result>(
        of node: NodeID, _ body: (UnsafeBufferPointer<UInt8>) -> Result
    ) -> Result {
        nodes.withName(of: node.rawValue, body)
    }

    /// A node's name in the mount; empty for the root.
    package func name(of node: NodeID) -> [UInt8] { Array(nodes.name(of: node.rawValue)) }

    /// The name that the torrent gives to a node whose name in the mount is another; else nil.
    package func replacedName(of node: NodeID) -> [UInt8]? { rawNames[node.rawValue] }

    /// A node's path from the mount's top, for messages.
    package func path(of node: NodeID) -> String {
        var components: [String] = []
        var node = node
        while node != .root {
            components.append(String(decoding: name(of: node), as: UTF8.self))
            node = parent(of: node)
        }
        return components.reversed().joined(separator: "/")
    }
}
