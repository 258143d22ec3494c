/// One thing that a program did to the files of a folder, as `DiskRecorder` saw it.
package enum DiskEvent: Sendable {
    /// A file came to be under this path.
    case create(path: String, file: Int)
    /// Bytes were written; `bytes` is their place in the log.
    case write(file: Int, offset: Int, bytes: Range<Int>)
    /// A file was cut or extended.
    case resize(file: Int, length: Int)
    /// A range was given back to the disk, and reads as zeros.
    case punch(file: Int, range: Range<Int>)
    /// A sync began, of a file, of a folder (by its path), or of everything; what is written from
    /// here on is not its concern.
    case syncBegan(SyncScope, ticket: SyncTicket)
    /// It succeeded.
    case syncEnded(SyncTicket)
    case unlink(path: String)
    case rename(from: String, to: String)
    case makeFolder(path: String)
    case removeFolder(path: String)

    /// What a sync covers.
    package enum SyncScope: Equatable, Sendable {
        case file(Int)
        case folder(String)
        case everything
    }

    /// Which sync of which process.
    package struct SyncTicket: Hashable, Sendable {
        let process: Int64
        let number: Int64
    }

    /// The path whose name a change of names is about; nil for everything else.
    var namedPath: String? {
        switch self {
        case .create(let path, _), .unlink(let path), .rename(_, let path), .makeFolder(let path),
            .removeFolder(let path):
            path
        default: nil
        }
    }
}
