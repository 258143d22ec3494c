import DiskRecord
import Foundation

/// What `DiskRecorder` wrote down, event by event.
package struct DiskLog: Sendable {
    /// In the order in which they took effect.
    package private(set) var events: [DiskEvent] = []
    let bytes: [UInt8]

    private var files: [UInt64: Int] = [:]
    private var paths: [String: Int] = [:]
    private var fileCount = 0

    /// Reads the log; a last record that was cut off by a kill is left out.
    package init(path: String) throws {
        bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        var position = 0
        let headLength = MemoryLayout<disk_record>.size
        while position + headLength <= bytes.count {
            let head = bytes.withUnsafeBytes {
                $0.loadUnaligned(fromByteOffset: position, as: disk_record.self)
            }
            let pathEnd = position + headLength + Int(head.path_length)
            let end = pathEnd + Int(head.data_length)
            guard end <= bytes.count else { break }
            let path = String(decoding: bytes[position + headLength..<pathEnd], as: UTF8.self)
            add(head, path: path, data: pathEnd..<end)
            position = end
        }
    }

    private mutating func add(_ head: disk_record, path: String, data: Range<Int>) {
        let offset = Int(head.offset)
        let ticket = DiskEvent.SyncTicket(process: head.offset, number: head.length)
        switch disk_record_kind(head.kind) {
        case DISK_OPEN: open(path, number: head.file)
        case DISK_WRITE:
            if let file = files[head.file] {
                events.append(.write(file: file, offset: offset, bytes: data))
            }
        case DISK_RESIZE:
            if let file = files[head.file] {
                events.append(.resize(file: file, length: offset))
            }
        case DISK_PUNCH:
            if let file = files[head.file] {
                events.append(.punch(file: file, range: offset..<offset + Int(head.length)))
            }
        case DISK_SYNC_BEGIN:
            let scope: DiskEvent.SyncScope =
                if head.file == 0 {
                    .everything
                } else if let file = files[head.file] {
                    .file(file)
                } else {
                    .folder(path)
                }
            events.append(.syncBegan(scope, ticket: ticket))
        case DISK_SYNC_END: events.append(.syncEnded(ticket))
        case DISK_UNLINK:
            forget(path)
            events.append(.unlink(path: path))
        case DISK_RENAME:
            let ends = path.split(separator: "\0", omittingEmptySubsequences: false).map(
                String.init)
            guard ends.count == 2 else { return }
            forget(ends[1])
            paths[ends[1]] = paths.removeValue(forKey: ends[0])
            events.append(.rename(from: ends[0], to: ends[1]))
        case DISK_MAKE_FOLDER: events.append(.makeFolder(path: path))
        case DISK_REMOVE_FOLDER: events.append(.removeFolder(path: path))
        default: break
        }
    }

    /// The first opening of a path is its making: the folder was empty when the recording began.
    private mutating func open(_ path: String, number: UInt64) {
        if let known = files[number], paths[path] == known { return }
        forget(path)
        paths[path] = fileCount
        files[number] = fileCount
        events.append(.create(path: path, file: fileCount))
        fileCount += 1
    }

    /// Filesystems give the number of an unlinked file to the next one.
    private mutating func forget(_ path: String) {
        guard let file = paths.removeValue(forKey: path) else { return }
        files = files.filter { $0.value != file }
    }
}
