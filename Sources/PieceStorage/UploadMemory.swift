import Glibc

/// Memory of a few blocks on their way to a peer.
///
/// Comes from `malloc`, which recycles blocks of such sizes in tens of nanoseconds.
final class UploadMemory: Sendable {
    // Safe: written by the pool thread that makes this object, before anybody else sees it.
    nonisolated(unsafe) let bytes: UnsafeMutableRawBufferPointer

    init?(count: Int) {
        guard let address = malloc(count) else { return nil }
        bytes = UnsafeMutableRawBufferPointer(start: address, count: count)
    }

    deinit { free(bytes.baseAddress) }
}
