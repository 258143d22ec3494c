package import TorrentCore

/// The part of a piece that lies in one file.
package struct FileSlice: Equatable, Sendable {
    /// The file.
    package let file: FileIndex
    /// Where the part starts in the file, in bytes.
    package let fileOffset: Int64
    /// Where the part starts in the piece, in bytes.
    package let pieceOffset: Int
    /// How long the part is, in bytes; never zero.
    package let length: Int

    /// A slice of known numbers.
    package init(file: FileIndex, fileOffset: Int64, pieceOffset: Int, length: Int) {
        self.file = file
        self.fileOffset = fileOffset
        self.pieceOffset = pieceOffset
        self.length = length
    }
}
