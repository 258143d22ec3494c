/// Tells a file from all others of the machine, whatever it is called: `st_dev` and `st_ino` of `stat`.
package struct FileIdentity: Hashable, Sendable {
    private let device: UInt
    private let inode: UInt

    /// The file that `stat` has looked at.
    package init(device: UInt, inode: UInt) {
        self.device = device
        self.inode = inode
    }
}
