/// A file that is to go into a torrent.
package struct DraftFile: Sendable {
    /// The path inside of the torrent's folder, components joined by `/`; unused for a torrent of a
    /// single file.
    package let path: [UInt8]
    /// Length in bytes; zero for a symbolic link.
    package let length: Int64
    /// Whether its owner may execute it.
    package let isExecutable: Bool
    /// What a symbolic link holds, unchanged; nil for a regular file.
    package let linkTarget: [UInt8]?

    /// A regular file, or a symbolic link where there is a target.
    package init(path: [UInt8], length: Int64, isExecutable: Bool, linkTarget: [UInt8]? = nil) {
        self.path = path
        self.length = linkTarget == nil ? length : 0
        self.isExecutable = isExecutable
        self.linkTarget = linkTarget
    }

    /// Its attributes (BEP 47). Links are executable to the system, and libtorrent says so.
    var attributes: FileAttributes {
        var attributes: FileAttributes = isExecutable || linkTarget != nil ? .executable : []
        if linkTarget != nil { attributes.insert(.symlink) }
        return attributes
    }
}
