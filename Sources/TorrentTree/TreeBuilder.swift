import Metainfo
import TorrentCore

/// Turns the file lists of torrents into nodes, with `NameRule` applied.
struct TreeBuilder {
    /// A name as the torrent has it, in a directory.
    struct RawName: Hashable, Sendable {
        let parent: UInt32
        let name: [UInt8]
    }

    var nodes = NodeStore()
    var directoryCount = 0
    /// Directories and files whose name is not the torrent's, by the torrent's name.
    var renamedDirectories: [RawName: UInt32] = [:]
    var renamedFiles: [RawName: UInt32] = [:]
    /// The torrent's name of each renamed node.
    var rawNames: [UInt32: [UInt8]] = [:]
    /// The next number to try for a name that is taken: makes many equal names cost no more than
    /// as many different ones.
    private var nextNumbers: [RawName: Int] = [:]

    init() {
        _ = nodes.append([], in: NodeID.root.rawValue, content: newDirectory())
    }

    /// Adds a torrent's top entry and all below it; gives the top entry.
    mutating func append(_ torrent: TreeTorrent) -> UInt32 {
        let root = NodeID.root.rawValue
        let layout = torrent.layout
        let name = topName(of: torrent)
        if layout.isSingleFile {
            return add(torrent.name, as: name, in: root, content: 0)
        }
        let top = add(torrent.name, as: name, in: root, content: newDirectory())
        // Files of one directory mostly follow each other: the last path saves the look-ups.
        var path: [[UInt8]] = []
        var directories: [UInt32] = []
        for index in 0..<layout.count {
            let file = FileIndex(index)
            if layout.attributes(of: file).contains(.padding) { continue }
            let components = layout.path(of: file)
            let depth = max(0, components.count - 1)
            var shared = 0
            while shared < min(depth, path.count), path[shared] == components[shared] {
                shared += 1
            }
            path.removeSubrange(shared...)
            directories.removeSubrange(shared...)
            for component in components.prefix(depth).dropFirst(shared) {
                directories.append(directory(component, in: directories.last ?? top))
                path.append(component)
            }
            let parent = directories.last ?? top
            let raw = components.last ?? []
            let usable = NameRule.replacement(for: raw) ?? raw
            _ = add(
                raw, as: unused(usable, in: parent), in: parent, content: file.rawValue)
        }
        return top
    }

    private mutating func newDirectory() -> Int32 {
        defer { directoryCount += 1 }
        return ~Int32(directoryCount)
    }

    private mutating func topName(of torrent: TreeTorrent) -> [UInt8] {
        let root = NodeID.root.rawValue
        let name = NameRule.replacement(for: torrent.name) ?? torrent.name
        guard nodes.find(name.span, in: root) != nil else { return name }
        return unused(NameRule.labelled(name, torrent.identity.description), in: root)
    }

    /// The directory for a path component, made where it is not there yet.
    private mutating func directory(_ raw: [UInt8], in parent: UInt32) -> UInt32 {
        let key = RawName(parent: parent, name: raw)
        if let node = renamedDirectories[key] { return node }
        if let node = nodes.find(raw.span, in: parent), nodes.directory(node) != nil,
            rawNames[node] == nil
        {
            return node
        }
        let usable = NameRule.replacement(for: raw) ?? raw
        return add(raw, as: unused(usable, in: parent), in: parent, content: newDirectory())
    }

    private mutating func add(
        _ raw: [UInt8], as name: [UInt8], in parent: UInt32, content: Int32
    ) -> UInt32 {
        let node = nodes.append(name, in: parent, content: content)
        if name != raw {
            let key = RawName(parent: parent, name: raw)
            rawNames[node] = raw
            if content < 0 {
                renamedDirectories[key] = node
            } else if renamedFiles[key] == nil {
                renamedFiles[key] = node
            }
        }
        return node
    }

    private mutating func unused(_ name: [UInt8], in parent: UInt32) -> [UInt8] {
        guard nodes.find(name.span, in: parent) != nil else { return name }
        let key = RawName(parent: parent, name: name)
        var number = nextNumbers[key] ?? 2
        var candidate = NameRule.numbered(name, number)
        while nodes.find(candidate.span, in: parent) != nil {
            number += 1
            candidate = NameRule.numbered(name, number)
        }
        nextNumbers[key] = number + 1
        return candidate
    }
}
