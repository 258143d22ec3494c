import CLinux
import Glibc
import Metainfo
import Reactor
import TorrentCore

/// One thread's reading of pieces: a buffer, and the file it read from last.
struct PieceReader: ~Copyable {
    /// The piece's bytes, zeros where there is padding.
    private(set) var bytes: [UInt8]

    private var file: Int?
    private var descriptor: OwnedDescriptor?

    init(pieceLength: Int) {
        bytes = Array(repeating: 0, count: pieceLength)
        descriptor = nil
    }

    /// Fills `bytes` with a piece; what is behind the piece's length is left over from others.
    mutating func read(
        _ piece: Int, of draft: TorrentDraft, from source: borrowing SourceDirectory
    ) throws(CreationError) {
        var filled = 0
        for part in draft.parts(of: piece) {
            if part.file != file {
                descriptor = try Self.open(draft.files[part.file], source)
                file = part.file
            }
            clear(filled..<part.pieceOffset)
            try read(part.length, at: part.fileOffset, to: part.pieceOffset) {
                source.display(draft.files[part.file])
            }
            filled = part.pieceOffset + part.length
        }
        clear(filled..<draft.length(of: piece))
    }

    private static func open(
        _ file: DraftFile, _ source: borrowing SourceDirectory
    ) throws(CreationError) -> OwnedDescriptor {
        let descriptor = try source.open(file)
        var status = stat()
        guard fstat(descriptor.rawValue, &status) == 0 else {
            throw .system(.last("stat \(source.display(file))"))
        }
        guard status.st_mode & S_IFMT == S_IFREG, Int64(status.st_size) == file.length else {
            throw .changed(source.display(file))
        }
        posix_fadvise(descriptor.rawValue, 0, 0, POSIX_FADV_SEQUENTIAL)
        return descriptor
    }

    private mutating func clear(_ range: Range<Int>) {
        for index in range { bytes[index] = 0 }
    }

    private mutating func read(
        _ count: Int, at offset: Int64, to start: Int, path: () -> String
    ) throws(CreationError) {
        guard let number = descriptor?.rawValue else {
            preconditionFailure("a file is open before it is read")
        }
        let failure = bytes.withUnsafeMutableBytes { buffer in
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[start..<start + count])
            return FileTransfer.read(number, into: part, at: offset)
        }
        guard let failure else { return }
        throw failure == ENODATA
            ? .changed(path()) : .system(SystemError(failure, "read \(path())"))
    }
}
