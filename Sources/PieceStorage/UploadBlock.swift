package import TorrentCore

/// Verified bytes for a peer. Blocks that were read together share memory.
package struct UploadBlock: Sendable {
    /// What was asked for.
    package let request: BlockRequest

    private let memory: UploadMemory
    private let offset: Int

    init(request: BlockRequest, memory: UploadMemory, offset: Int) {
        self.request = request
        self.memory = memory
        self.offset = offset
    }

    /// The payload, `request.length` bytes; valid while this value lives.
    package var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            rebasing: memory.bytes[offset..<offset + Int(request.length)])
    }
}
