package import Metainfo
package import Reactor

/// Why no torrent could be made of a file or folder.
package enum CreationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A file or folder could not be read.
    case system(SystemError)
    /// Something that is neither a file, nor a folder, nor a symbolic link.
    case unsupportedFile(String)
    /// A file whose length changed while it was read.
    case changed(String)
    /// The files cannot be put into a torrent as asked.
    case draft(DraftError)
    /// `cancel` was called.
    case cancelled

    package var description: String {
        switch self {
        case .system(let error): "\(error)"
        case .unsupportedFile(let path):
            "\(path): only files, folders and symbolic links can go into a torrent"
        case .changed(let path): "\(path) changed while it was read: run the command again"
        case .draft(let error): "\(error)"
        case .cancelled: "cancelled"
        }
    }
}
