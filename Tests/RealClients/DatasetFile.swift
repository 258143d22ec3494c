/// One entry of a dataset.
package struct DatasetFile: Sendable {
    /// Relative to the dataset's folder; empty when the dataset is a single file.
    package let path: String
    /// Bytes.
    package let size: Int
    /// Whether the owner may execute it.
    package let isExecutable: Bool
    /// What a symbolic link says, for an entry that is one.
    package let linkTarget: String?

    /// An entry; a symbolic link where `linkTarget` is given.
    package init(
        _ path: String, _ size: Int, isExecutable: Bool = false, linkTarget: String? = nil
    ) {
        self.path = path
        self.size = size
        self.isExecutable = isExecutable
        self.linkTarget = linkTarget
    }
}
