import Metainfo
import Reactor
import Synchronization
package import TorrentCore
import TorrentCrypto

/// Blocks that are verified and served before their piece is whole (BEP 52).
extension PieceStore {
    /// Takes a block. On a hash thread, ahead of pieces that nobody waits for: it is hashed, reads
    /// that waited for nothing else are completed, `completion` is called with whether its leaf is
    /// the one given, and a good block is queued to be written. Until then, and where the disk does
    /// not take it, it is served from memory, as long as others do not need that.
    package func submit(
        _ block: ReceivedBlock, leaf: SHA256Digest, completion: @escaping @Sendable (Bool) -> Void
    ) {
        // Counted before the look at `isClosed`: `close` waits for those it does not stop.
        pending.update { $0 += 1 }
        guard !state.withLock({ $0.isClosed }) else {
            pending.update { $0 -= 1 }
            return completion(false)
        }
        // What is behind a hybrid's file in its last piece is padding, and in no leaf.
        let content = contentLength(of: block.request.piece) - Int(block.request.begin)
        let isQueued = pools.hashing.submit(urgent: true) { [self] in
            let covered = UnsafeRawBufferPointer(
                rebasing: block.bytes.prefix(max(0, content)))
            pools.counters.addHashed(covered.count)
            let isGood = pools.verifiers.withVerifier { $0.leaf(of: covered) } == leaf
            if isGood { arrived(block) }
            completion(isGood)
            if isGood { queueWrite(of: block, covered.count, leaf) }
            pending.update { $0 -= 1 }
        }
        if !isQueued {
            pending.update { $0 -= 1 }
            completion(false)
        }
    }

    private func arrived(_ block: ReceivedBlock) {
        let piece = block.request.piece
        let (ended, source) = state.withLock { state in
            guard !state.has(piece) else {
                return ([(read: ReadID, wait: PieceStoreState.Wait)](), state.source)
            }
            if state.stored.block(block.request.blockIndex, of: piece) == nil {
                state.blocks.insert(block)
            }
            return (state.takeWaits(endedByBlocksOf: piece, geometry), state.source)
        }
        end(ended, source)
    }

    /// Nobody will fetch anything any more: reads of what is missing fail at once, and those that
    /// wait too.
    package func giveUp() {
        isGivenUp.store(true, ordering: .relaxed)
        let (ended, source) = state.withLock { state in
            let ended = state.waits.map { (read: $0.key, wait: $0.value) }
            state.waits = [:]
            state.waiters = [:]
            return (ended, state.source)
        }
        end(ended, source)
    }
}
