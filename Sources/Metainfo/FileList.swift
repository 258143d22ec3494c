import Bencode
import TorrentCore

/// The v1 half of an info dictionary: `files` or `length` (BEP 3, with BEP 47's attributes).
struct FileList {
    /// What BitComet's padding files are called; they have no attribute.
    private static let bitCometPadding = Array("_____padding_file_".utf8)

    private(set) var builder: FileLayoutBuilder
    private(set) var starts: [UInt32] = []
    let isSingleFile: Bool

    /// Reads the list.
    init(_ builder: FileLayoutBuilder, info: BencodeNode) throws(MetainfoError) {
        self.builder = builder
        let document = builder.document
        guard let files = document.value(info, "files") else {
            isSingleFile = true
            try single(info)
            return
        }
        isSingleFile = false
        guard document.kind(of: files) == .list else { throw .badField("files") }
        var element = document.firstElement(files)
        while let file = element {
            try append(file)
            element = document.nextElement(after: file)
        }
        guard !starts.isEmpty else { throw .badField("files") }
    }

    private mutating func single(_ info: BencodeNode) throws(MetainfoError) {
        let document = builder.document
        guard let length = document.value(info, "length").flatMap({ document.integer($0) }) else {
            throw .badField("length")
        }
        let letters = document.value(info, "attr").flatMap { document.string($0) } ?? []
        // A torrent of nothing but a link or padding would be nonsense.
        let attributes = FileAttributes(letters: letters).subtracting([.padding, .symlink])
        starts.append(0)
        try builder.append(length: length, attributes: attributes, symlink: nil)
    }

    /// Reads a file in one pass over its dictionary: there may be a million.
    private mutating func append(_ file: BencodeNode) throws(MetainfoError) {
        let document = builder.document
        guard document.kind(of: file) == .dictionary else { throw .badField("files") }
        var entry = FileEntry(file, in: document)
        if !entry.attributes.contains(.symlink) { entry.symlink = nil }
        // A link has no content whatever its length says, and is none without a target.
        if entry.attributes.contains(.symlink) { entry.length = 0 }
        if entry.symlink == nil { entry.attributes.remove(.symlink) }
        guard let length = entry.length else { throw .badField("length") }

        var start = 0
        if let path = entry.path, document.firstElement(path) != nil {
            start = try builder.components(of: path)
            if isBitCometPadding(path) { entry.attributes.insert(.padding) }
        } else if !entry.attributes.contains(.padding) {
            throw .badField("path")
        }
        starts.append(UInt32(start))
        try builder.append(
            length: length, attributes: entry.attributes, symlink: entry.symlink)
    }

    private func isBitCometPadding(_ path: BencodeNode) -> Bool {
        let document = builder.document
        guard let first = document.firstElement(path),
            let range = document.stringRange(first)
        else { return false }
        return document.bytes[range].starts(with: Self.bitCometPadding)
    }
}
