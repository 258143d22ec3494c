import Bencode

/// What the dictionary of one file says, v1 or v2, read in one pass.
struct FileEntry {
    var length: Int64?
    var attributes: FileAttributes = []
    /// A list of components.
    var path: BencodeNode?
    /// A list of components.
    var symlink: BencodeNode?
    /// Where the 32 bytes of the pieces root stand in the document.
    var root: Range<Int>?

    private var hasUTF8Path = false

    init(_ file: BencodeNode, in document: BencodeDocument) {
        var entry = document.firstEntry(file)
        while let current = entry {
            read(current, in: document)
            entry = document.nextEntry(after: current)
        }
    }

    private mutating func read(_ entry: BencodeEntry, in document: BencodeDocument) {
        let value = entry.value
        guard let key = document.stringRange(entry.key) else { return }
        // Lengths tell the known keys apart, bar one pair; comparing all of them costs more.
        switch key.count {
        case 4 where document.matches(key, "attr"):
            if let range = document.stringRange(value) {
                attributes = FileAttributes(letters: document.bytes[range])
            }
        case 4 where document.matches(key, "path"):
            if !hasUTF8Path, document.kind(of: value) == .list { path = value }
        case 6 where document.matches(key, "length"):
            length = document.integer(value)
        case 10 where document.matches(key, "path.utf-8"):
            // More likely to be what it says than `path`, which may be in any encoding.
            guard document.kind(of: value) == .list else { return }
            path = value
            hasUTF8Path = true
        case 11 where document.matches(key, "pieces root"):
            root = document.stringRange(value)
        case 12 where document.matches(key, "symlink path"):
            if document.kind(of: value) == .list { symlink = value }
        default: return
        }
    }
}

extension BencodeDocument {
    /// Whether the bytes of `range` are `text`.
    func matches(_ range: Range<Int>, _ text: StaticString) -> Bool {
        text.withUTF8Buffer { wanted in
            guard wanted.count == range.count else { return false }
            for offset in 0..<wanted.count where bytes[range.lowerBound + offset] != wanted[offset]
            {
                return false
            }
            return true
        }
    }
}
