import Glibc
package import TorrentCore

/// A block that was received by itself, apart from its piece, in memory of its own.
package final class ReceivedBlock: Sendable {
    /// Which block.
    package let request: BlockRequest
    // Safe: written by `init` only.
    /// The payload, `request.length` bytes.
    package nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

    private nonisolated(unsafe) let address: UnsafeMutableRawPointer

    /// Copies the block from where it was received; nil where there is no memory.
    package init?(_ request: BlockRequest, copying source: UnsafeRawBufferPointer) {
        let count = Int(request.length)
        precondition(source.count >= count, "a block is as long as its request")
        guard let start = source.baseAddress, let address = malloc(count) else { return nil }
        memcpy(address, start, count)
        self.request = request
        self.address = address
        bytes = UnsafeRawBufferPointer(start: address, count: count)
    }

    deinit { free(address) }
}
