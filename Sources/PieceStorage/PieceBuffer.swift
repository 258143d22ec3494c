import Synchronization
package import TorrentCore

/// The memory of one piece, from its first block to its last byte on disk.
///
/// One thread at a time may write to a byte of `bytes`: the loop thread, or another that a lock keeps
/// from it, until the loop thread hands the buffer to `PieceStore.submit`; from then on everybody
/// reads only. The memory goes back to its pool with
/// the last reference.
package final class PieceBuffer: Sendable {
    /// Which piece.
    package let piece: PieceIndex
    // Safe: the memory lives as long as this object; who may write is said above.
    /// As long as the piece; wholly padding parts are zero already, the rest is undefined.
    package nonisolated(unsafe) let bytes: UnsafeMutableRawBufferPointer

    /// Bytes that it takes of the pool.
    let capacity: Int
    private let account: BufferAccount
    private let read = Atomic(false)

    init?(piece: PieceIndex, length: Int, account: BufferAccount) {
        let capacity = BufferPool.capacity(for: length)
        guard let address = account.take(capacity) else { return nil }
        self.piece = piece
        self.capacity = capacity
        self.account = account
        bytes = UnsafeMutableRawBufferPointer(start: address, count: length)
    }

    /// Whether a reader has had the end of the piece: most read on from there.
    var wasRead: Bool { read.load(ordering: .relaxed) }

    /// A reader has had the end of the piece.
    func noteRead() { read.store(true, ordering: .relaxed) }

    deinit {
        if let address = bytes.baseAddress { account.give(address, capacity: capacity) }
    }
}
