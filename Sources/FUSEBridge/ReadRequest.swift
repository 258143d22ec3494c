import CFUSE
import Glibc

/// A READ of the kernel that must be answered exactly once: by `reply` or `fail`, or with EIO when
/// the value is dropped.
struct ReadRequest: ~Copyable {
    private let raw: fuse_req_t

    /// Takes over the request.
    init(_ raw: fuse_req_t) { self.raw = raw }

    /// The thread that reads, in our view of processes; zero where it has none.
    var thread: pid_t { fuse_req_ctx(raw).pointee.pid }

    /// Answers with data.
    consuming func reply(_ bytes: UnsafeRawBufferPointer) {
        fuse_reply_buf(raw, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
        discard self
    }

    /// Answers with data in parts that follow each other.
    consuming func reply(_ parts: [UnsafeRawBufferPointer]) {
        withUnsafeTemporaryAllocation(of: iovec.self, capacity: parts.count) { vectors in
            for (index, part) in parts.enumerated() {
                vectors[index] = iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: part.baseAddress),
                    iov_len: part.count)
            }
            _ = fuse_reply_iov(raw, vectors.baseAddress, Int32(parts.count))
        }
        discard self
    }

    /// Answers with an error number.
    consuming func fail(_ code: Int32) {
        fuse_reply_err(raw, code)
        discard self
    }

    /// Has `function` called with `key` when the kernel says that the reader was interrupted. It
    /// may be called before this returns, so the request must not be answered meanwhile.
    borrowing func onInterrupt(_ function: fuse_interrupt_func_t, key: UInt64) {
        fuse_req_interrupt_func(raw, function, UnsafeMutableRawPointer(bitPattern: UInt(key)))
    }

    deinit { fuse_reply_err(raw, EIO) }
}
