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

    /// Reads the log; a record that a kill cut off does not count.
    package init(path: String) throws {
        bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        let headLength = MemoryLayout<disk_record>.size
        var position = MemoryLayout<UInt64>.size
        guard bytes.count >= position else { throw DiskLogError.cutOff }
        let end = bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
        while position < end {
            guard position + headLength <= bytes.count else { throw DiskLogError.cutOff }
            let head = bytes.withUnsafeBytes {
                $0.loadUnaligned(fromByteOffset: position, as: disk_record.self)
            }
            let pathStart = position + headLength
            let pathEnd = pathStart + Int(head.path_length)
            guard let length = Int(exactly: head.data_length), length <= bytes.count,
                pathEnd + length <= bytes.count
            else { throw DiskLogError.cutOff }
            position = pathEnd + length
            let path = String(decoding: bytes[pathStart..<pathEnd], as: UTF8.self)
            add(head, path: path, data: pathEnd..<position)
        }
    }

    /// Does something, such as killing a program, while none is between doing something to its disk
    /// and the record of that: the log then tells all that it did.
    package static func holding(_ path: String, _ body: () throws -> Void) throws {
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        defer { try? file.close() }
        guard disk_log_hold(file.fileDescriptor) == 0 else { throw DiskLogError.notHeld }
        try body()
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
