/// How symbolic links are written into a torrent.
///
/// BEP 47 wants a target's path from the torrent's folder. libtorrent writes what the link holds,
/// which is relative to the link, and on reading leaves out `.` and `..` and tries the torrent's
/// folder first and the link's own second. Where that finds the right target the link is written
/// as libtorrent does, so that infohashes agree; where it would not, as BEP 47 says.
struct DraftLinks: Sendable {
    /// The paths of all files and of the directories above them.
    private var known: Set<[UInt8]> = []

    init(_ files: [DraftFile]) {
        guard files.contains(where: { $0.linkTarget != nil }) else { return }
        for file in files {
            var path = file.path[...]
            known.insert(file.path)
            while let slash = path.lastIndex(of: UInt8(ascii: "/")) {
                path = path[..<slash]
                guard known.insert(Array(path)).inserted else { break }
            }
        }
    }

    /// The components of `symlink path` for a link at `path` that holds `target`.
    func components(of target: [UInt8], at path: [UInt8]) -> [ArraySlice<UInt8>] {
        let slash = UInt8(ascii: "/")
        let raw = target.split(separator: slash)
        let directory = Array(path.split(separator: slash).dropLast())
        guard target.first != slash, let meant = Self.resolve(directory + raw),
            known.contains(Self.join(meant))
        else { return raw }
        let cleaned = raw.filter { !Self.isDot($0) && !Self.isDotDot($0) }
        let found = [cleaned, directory + cleaned].first { known.contains(Self.join($0)) }
        return found == meant ? raw : meant
    }

    /// Takes out `.` and `..`; nil where that leaves the torrent's folder.
    private static func resolve(_ path: [ArraySlice<UInt8>]) -> [ArraySlice<UInt8>]? {
        var resolved: [ArraySlice<UInt8>] = []
        for component in path where !isDot(component) {
            if isDotDot(component) {
                guard resolved.popLast() != nil else { return nil }
            } else {
                resolved.append(component)
            }
        }
        return resolved
    }

    private static func join(_ path: [ArraySlice<UInt8>]) -> [UInt8] {
        Array(path.joined(separator: [UInt8(ascii: "/")]))
    }

    private static func isDot(_ component: ArraySlice<UInt8>) -> Bool {
        component.elementsEqual(".".utf8)
    }

    private static func isDotDot(_ component: ArraySlice<UInt8>) -> Bool {
        component.elementsEqual("..".utf8)
    }
}
