/// What `stat` says of a node, but for what is cached of it.
package struct NodeAttributes: Equatable, Sendable {
    /// The inode number: a function of the infohash and the file, so that it stays the same from
    /// mount to mount.
    package let inode: UInt64
    /// Permission bits; nothing can be written.
    package let permissions: UInt16
    /// Two and the number of subdirectories for a directory, else one.
    package let linkCount: UInt32
    /// Length in bytes: of the file, or of a link's text (zero where the link is broken).
    package let size: Int64
    /// Seconds since 1970: the torrent's creation date, zero where it has none.
    package let modificationTime: Int64
}
