/// Where the paths of a torrent's files stand in its info dictionary.
enum FilePaths: Sendable {
    /// v1: where each file's list of components starts, past the `l`; zero for none. The bytes from
    /// there have been decoded once, so walking them again cannot fail.
    case lists([UInt32])
    /// v2: each file's own name, and the directory it is in, by number, zero being the root.
    case tree(names: [UInt32], parents: [UInt32], directories: [Directory])

    /// A directory of a v2 file tree: where its name (a bencoded string) starts, and its parent.
    struct Directory: Sendable {
        let name: UInt32
        let parent: UInt32
    }

    /// The components of a file's path, from the top.
    func components(of file: Int, in info: [UInt8]) -> [Range<Int>] {
        switch self {
        case .lists(let starts):
            return starts[file] == 0 ? [] : Self.strings(at: Int(starts[file]), in: info)
        case .tree(let names, let parents, let directories):
            var components = [Self.string(at: Int(names[file]), in: info)]
            var directory = parents[file]
            while directory != 0 {
                let entry = directories[Int(directory)]
                components.append(Self.string(at: Int(entry.name), in: info))
                directory = entry.parent
            }
            components.reverse()
            return components
        }
    }

    /// The contents of the bencoded strings from `start` to the end of their list.
    static func strings(at start: Int, in info: [UInt8]) -> [Range<Int>] {
        var strings: [Range<Int>] = []
        var position = start
        while info[position] != UInt8(ascii: "e") {
            let content = string(at: position, in: info)
            strings.append(content)
            position = content.upperBound
        }
        return strings
    }

    /// The content of the bencoded string at `start`.
    private static func string(at start: Int, in info: [UInt8]) -> Range<Int> {
        var position = start
        var length = 0
        while info[position] != UInt8(ascii: ":") {
            length = length * 10 + Int(info[position] - UInt8(ascii: "0"))
            position += 1
        }
        return position + 1..<position + 1 + length
    }
}
