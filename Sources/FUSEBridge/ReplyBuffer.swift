import Glibc

/// A buffer of each thread that answers reads, so that a cached read allocates nothing.
enum ReplyBuffer {
    /// The kernel's longest read: 256 pages.
    static let byteCount = 1 << 20

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        // Failure means that the process has used up its 1024 keys: our own bug.
        precondition(pthread_key_create(&key, { free($0) }) == 0, "no thread-specific key")
        return key
    }()

    /// Calls `body` with `count` bytes that nobody else uses meanwhile: the thread's own, or fresh
    /// ones for a read that is longer than the kernel's longest. Not reentrant.
    static func with<Result>(
        _ count: Int, _ body: (UnsafeMutableRawBufferPointer) -> Result
    ) -> Result? {
        guard count <= byteCount else {
            guard let memory = malloc(count) else { return nil }
            defer { free(memory) }
            return body(UnsafeMutableRawBufferPointer(start: memory, count: count))
        }
        var memory = pthread_getspecific(key)
        if memory == nil {
            memory = malloc(byteCount)
            pthread_setspecific(key, memory)
        }
        guard let memory else { return nil }
        return body(UnsafeMutableRawBufferPointer(start: memory, count: count))
    }
}
