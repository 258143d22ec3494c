import Bencode
import TorrentCore

/// The v2 half of an info dictionary: `file tree` (BEP 52), walked without recursion.
struct FileTree {
    private(set) var builder: FileLayoutBuilder
    private(set) var names: [UInt32] = []
    private(set) var parents: [UInt32] = []
    private(set) var directories = [FilePaths.Directory(name: 0, parent: 0)]
    private let tree: BencodeNode

    /// A directory that is being walked: its number, and its next entry.
    private struct Level {
        let directory: UInt32
        var next: BencodeEntry?
    }

    /// The paths of the files.
    var paths: FilePaths { .tree(names: names, parents: parents, directories: directories) }

    /// Reads the tree.
    init(_ builder: FileLayoutBuilder, tree: BencodeNode) throws(MetainfoError) {
        self.builder = builder
        self.tree = tree
        let document = builder.document
        guard document.kind(of: tree) == .dictionary else { throw .badField("file tree") }
        var levels = [Level(directory: 0, next: document.firstEntry(tree))]
        while let level = levels.last {
            guard let entry = level.next else {
                levels.removeLast()
                continue
            }
            levels[levels.count - 1].next = document.nextEntry(after: entry)
            if let directory = try visit(entry, in: level.directory) {
                guard levels.count < builder.limits.pathDepth else {
                    throw .tooMany("directories above a file")
                }
                levels.append(Level(directory: directory, next: document.firstEntry(entry.value)))
            }
        }
        guard !names.isEmpty else { throw .badField("file tree") }
    }

    /// Whether the tree is one file at the top that bears the torrent's name.
    func isSingleFile(named name: Range<Int>) -> Bool {
        guard names.count == 1, directories.count == 1,
            let first = builder.document.firstEntry(tree),
            let key = builder.document.stringRange(first.key)
        else { return false }
        return builder.document.bytes[key].elementsEqual(builder.document.bytes[name])
    }

    /// Adds a file, or a directory whose number is returned: its entries come next.
    private mutating func visit(
        _ entry: BencodeEntry, in parent: UInt32
    ) throws(MetainfoError) -> UInt32? {
        let document = builder.document
        guard document.kind(of: entry.value) == .dictionary,
            let key = document.stringRange(entry.key), !key.isEmpty
        else { throw .badFileTree }
        guard key.count <= builder.limits.nameBytes else { throw .tooMany("bytes in a name") }
        let name = UInt32(document.range(of: entry.key).lowerBound - builder.base)

        // A file is a directory with nothing in it but the name of no bytes.
        guard let first = document.firstEntry(entry.value),
            document.stringRange(first.key)?.isEmpty == true
        else {
            guard directories.count < builder.limits.files else { throw .tooMany("directories") }
            directories.append(FilePaths.Directory(name: name, parent: parent))
            return UInt32(directories.count - 1)
        }
        guard document.nextEntry(after: first) == nil,
            document.kind(of: first.value) == .dictionary
        else { throw .badFileTree }
        try append(FileEntry(first.value, in: document))
        names.append(name)
        parents.append(parent)
        return nil
    }

    private mutating func append(_ file: FileEntry) throws(MetainfoError) {
        var file = file
        // Pieces are aligned without padding files here (BEP 52).
        guard !file.attributes.contains(.padding) else { throw .badFileTree }
        if !file.attributes.contains(.symlink) { file.symlink = nil }
        if file.attributes.contains(.symlink) { file.length = 0 }
        if file.symlink == nil { file.attributes.remove(.symlink) }
        guard let length = file.length else { throw .badField("length") }
        try builder.append(length: length, attributes: file.attributes, symlink: file.symlink)
        var root = 0
        if length > 0 {
            guard let range = file.root, range.count == SHA256Digest.byteCount else {
                throw .badField("pieces root")
            }
            root = range.lowerBound - builder.base
        }
        builder.roots.append(UInt32(root))
    }
}
