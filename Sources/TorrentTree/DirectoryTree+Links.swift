import Metainfo
import TorrentCore

extension DirectoryTree {
    /// As many links as Linux follows on the way to one file.
    private static let longestChain = 40
    /// As long as a path can be in Linux, without the NUL.
    private static let longestText = 4095

    /// The text of a symbolic link (BEP 47): relative, and never leading out of the torrent, as the
    /// target must be there, reached by names of the torrent alone. BEP 47 counts a target from the
    /// torrent's folder; libtorrent writes it, as the filesystem has it, from the link's own folder.
    /// The first that leads somewhere counts, in this order.
    package func linkText(of link: NodeID) throws(LinkError) -> [UInt8] {
        guard case .link(let torrent, let file) = kind(of: link) else { throw .noTarget }
        var followed = 0
        let targets = try resolve(file, torrent, &followed)
        var text: [UInt8] = []
        var directory = parent(of: link)
        while directory != top(of: torrent), directory != .root {
            text += Array("../".utf8)
            directory = parent(of: directory)
        }
        for (position, node) in targets.enumerated() {
            text += name(of: node)
            if position + 1 < targets.count { text.append(UInt8(ascii: "/")) }
        }
        if text.isEmpty { text = [UInt8(ascii: ".")] }
        guard text.count <= Self.longestText else { throw .tooLong }
        return text
    }

    /// The nodes on the way to a link's target.
    private func resolve(
        _ file: FileIndex, _ torrent: Int, _ followed: inout Int
    ) throws(LinkError) -> [NodeID] {
        let layout = torrents[torrent].layout
        guard let target = layout.symlinkTarget(of: file) else { throw .noTarget }
        do throws(LinkError) {
            return try walk(Self.normalized(target, from: []), torrent, &followed)
        } catch .noTarget {
            let folder = Array(layout.path(of: file).dropLast())
            return try walk(Self.normalized(target, from: folder), torrent, &followed)
        }
    }

    /// The components of a path from the torrent's folder, `.` and `..` resolved.
    private static func normalized(
        _ target: [[UInt8]], from folder: [[UInt8]]
    ) throws(LinkError) -> [[UInt8]] {
        var path = folder
        for component in target {
            if component.isEmpty || component == Array(".".utf8) { continue }
            if component == Array("..".utf8) {
                guard path.popLast() != nil else { throw .noTarget }
            } else {
                path.append(component)
            }
        }
        return path
    }

    /// The nodes that a path names one after the other, links on the way followed.
    private func walk(
        _ path: [[UInt8]], _ torrent: Int, _ followed: inout Int
    ) throws(LinkError) -> [NodeID] {
        var nodes: [NodeID] = []
        var directory = top(of: torrent)
        for (position, component) in path.enumerated() {
            guard let child = child(component, of: directory) else { throw .noTarget }
            nodes.append(child)
            directory = child
            guard position + 1 < path.count else { break }
            while case .link(_, let file) = kind(of: directory) {
                followed += 1
                guard followed <= Self.longestChain else { throw .loop }
                let next = try resolve(file, torrent, &followed)
                directory = next.last ?? top(of: torrent)
            }
        }
        return nodes
    }

    /// A child by the name that the torrent gives it.
    private func child(_ raw: [UInt8], of directory: NodeID) -> NodeID? {
        guard nodes.directory(directory.rawValue) != nil else { return nil }
        if let node = nodes.find(raw.span, in: directory.rawValue),
            replacedName(of: NodeID(node)) == nil
        {
            return NodeID(node)
        }
        let key = TreeBuilder.RawName(parent: directory.rawValue, name: raw)
        return (renamedDirectories[key] ?? renamedFiles[key]).map { NodeID($0) }
    }
}
