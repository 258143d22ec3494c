import Glibc
import Metainfo
import Reactor
import TorrentCore

/// The torrent's files in memory, by mapping.
///
/// Belongs to the loop's thread; nobody checks the data against the hashes.
struct SeededData {
    /// A read-only mapping that lasts as long as the process.
    private struct File {
        let start: Int64
        let bytes: UnsafeRawBufferPointer
    }

    private let files: [File]
    private let pieceLength: Int64

    /// `path` is the single file, or the directory of the others.
    init(_ info: InfoDictionary, path: String) throws(SystemError) {
        var files: [File] = []
        let layout = info.layout
        for file in layout.files where layout.length(of: file) > 0 {
            let length = Int(layout.length(of: file))
            let bytes: UnsafeRawBufferPointer
            if layout.attributes(of: file).contains(.padding) {
                bytes = try Self.map(nil, length)
            } else if layout.isSingleFile {
                bytes = try Self.map(path, length)
            } else {
                let names = layout.path(of: file).map { String(decoding: $0, as: UTF8.self) }
                bytes = try Self.map(path + "/" + names.joined(separator: "/"), length)
            }
            files.append(File(start: layout.offset(of: file), bytes: bytes))
        }
        self.files = files
        pieceLength = Int64(info.pieceLength)
    }

    private static func map(_ path: String?, _ length: Int) throws(SystemError)
        -> UnsafeRawBufferPointer
    {
        let address: UnsafeMutableRawPointer?
        if let path {
            let file = try OwnedDescriptor(open(path, O_RDONLY | O_CLOEXEC), "open \(path)")
            var status = stat()
            guard fstat(file.rawValue, &status) == 0 else { throw .last("stat \(path)") }
            guard status.st_size == length else { throw SystemError(EINVAL, "length of \(path)") }
            address = mmap(nil, length, PROT_READ, MAP_SHARED, file.rawValue, 0)
        } else {
            address = mmap(nil, length, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        }
        guard let address, address != MAP_FAILED else { throw .last("map \(path ?? "padding")") }
        return UnsafeRawBufferPointer(start: address, count: length)
    }

    /// Appends what lies in `range` of a block; the block has been checked against the torrent.
    func append(
        _ range: Range<Int>, of block: BlockRequest, to parts: inout [UnsafeRawBufferPointer]
    ) {
        let start = Int64(block.piece.value) * pieceLength + Int64(block.begin)
        var position = start + Int64(range.lowerBound)
        let end = start + Int64(range.upperBound)
        var (low, high) = (0, files.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if files[middle].start <= position { low = middle } else { high = middle }
        }
        while position < end, low < files.count {
            let offset = Int(position - files[low].start)
            let count = min(files[low].bytes.count - offset, Int(end - position))
            parts.append(
                UnsafeRawBufferPointer(rebasing: files[low].bytes[offset..<offset + count]))
            position += Int64(count)
            low += 1
        }
    }
}
