import CLinux
import Glibc
import Reactor

/// Writing past the page cache (`O_DIRECT`, open(2)).
extension OpenFile {
    /// What the blocks of disks, and the pages of memory, are multiples of.
    private static let alignment = 4096
    /// Less is not worth a turn of the disk.
    private static let shortest = 256 << 10
    /// How much is copied at a time to where it is aligned.
    private static let copyLength = 1 << 20

    /// Writes all of `buffer` at `offset`, past the page cache but for the parts of blocks at its ends;
    /// an error number where that fails. Nil, and the bytes are yet to be written, where that cannot
    /// be: it is too short, the filesystem refuses, or memory from `pool`, which is needed where the
    /// bytes do not lie in memory as they do in the file, is not to be had.
    func writeDirectly(
        _ buffer: UnsafeRawBufferPointer, at offset: Int64, pool: BufferPool
    ) -> DirectWrite? {
        guard let base = buffer.baseAddress, buffer.count >= Self.shortest else { return nil }
        let head = (Self.alignment - Int(offset % Int64(Self.alignment))) % Self.alignment
        let body = UnsafeRawBufferPointer(
            start: base + head,
            count: (buffer.count - head) / Self.alignment * Self.alignment)
        let isAligned = (Int(bitPattern: base) + head) % Self.alignment == 0
        var copy: UnsafeMutableRawPointer?
        if !isAligned {
            copy = pool.take(Self.copyLength, mayExceed: true)
            if copy == nil { return nil }
        }
        defer { if let copy { pool.give(copy, capacity: Self.copyLength) } }
        let result = direct.withLock {
            writeBlocks(body, at: offset + Int64(head), through: copy, &$0)
        }
        guard result == .done else { return result }
        for part in [0..<head, head + body.count..<buffer.count] where !part.isEmpty {
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[part])
            if let code = write(bytes, at: offset + Int64(part.lowerBound)) { return .failed(code) }
        }
        return .done
    }

    private func writeBlocks(
        _ blocks: UnsafeRawBufferPointer, at offset: Int64, through copy: UnsafeMutableRawPointer?,
        _ direct: inout DirectDescriptor
    ) -> DirectWrite? {
        guard let base = blocks.baseAddress, let descriptor = direct.get(of: descriptor, budget)
        else {
            return nil
        }
        var done = 0
        while done < blocks.count {
            let count = min(copy == nil ? blocks.count : Self.copyLength, blocks.count - done)
            copy?.copyMemory(from: base + done, byteCount: count)
            let source = copy.map { UnsafeRawPointer($0) } ?? base + done
            let written = pwrite(descriptor, source, count, off_t(offset) + off_t(done))
            if written > 0, written % Self.alignment == 0 {
                done += written
            } else if written < 0, errno == EINTR {
                continue
            } else if written < 0, errno != EINVAL {
                return .failed(errno)
            } else {
                // Some filesystems open a file so and refuse later.
                direct.refuse(budget)
                return nil
            }
        }
        return .done
    }
}
