import Glibc

/// Reads and writes that go on until all of a buffer is done, past short and interrupted calls.
/// Each gives nil, or the number of the error that ended it.
package enum FileTransfer {
    /// Fills `buffer` from `offset` on; `ENODATA` where the file ends first.
    package static func read(
        _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
    ) -> Int32? {
        transfer(buffer.count, atEnd: ENODATA) { done in
            pread(
                descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done,
                off_t(offset) + off_t(done))
        }
    }

    /// Writes all of `buffer` at `offset`.
    package static func write(
        _ buffer: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int64
    ) -> Int32? {
        transfer(buffer.count, atEnd: ENOSPC) { done in
            pwrite(
                descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done,
                off_t(offset) + off_t(done))
        }
    }

    /// Writes all bytes where the descriptor stands: to a pipe, a terminal or a new file.
    package static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
        bytes.withUnsafeBytes { buffer in
            transfer(buffer.count, atEnd: ENOSPC) { done in
                Glibc.write(
                    descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
            }
        }
    }

    /// Calls `step` with the number of bytes done so far until those are `count`; `end` is the error
    /// of a call that does nothing.
    private static func transfer(
        _ count: Int, atEnd end: Int32, _ step: (_ done: Int) -> Int
    ) -> Int32? {
        var done = 0
        while done < count {
            let result = step(done)
            if result > 0 {
                done += result
            } else if result == 0 {
                return end
            } else if errno != EINTR {
                return errno
            }
        }
        return nil
    }
}
