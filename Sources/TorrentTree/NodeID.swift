/// The number of a file, directory or link in a `DirectoryTree`, from zero, without gaps.
///
/// The same torrents in the same order give the same numbers. They name nodes between the kernel
/// and the bridge; what programs see as the inode number is `NodeAttributes.inode`.
package struct NodeID: Hashable, Sendable {
    /// The position in the tree's arrays.
    package let rawValue: UInt32

    /// The mount's top directory.
    package static let root = NodeID(0)

    /// Wraps a number that the caller has checked against `DirectoryTree.nodeCount`.
    @inlinable package init(_ rawValue: UInt32) { self.rawValue = rawValue }

    /// For use as an array index.
    @inlinable package var value: Int { Int(rawValue) }
}
