import Metainfo
import Reactor
import Synchronization
package import TorrentCore
import TorrentCrypto

/// Blocks that are verified and served before their piece is whole (BEP 52).
extension PieceStore {
    /// Takes a block. On a hash thread, ahead of pieces that nobody waits for: it is hashed, reads
    /// that waited for nothing else are completed, and `completion` is called with whether its leaf
    /// is the one given. Good blocks are served from memory until their piece is whole, or others
    /// need the memory.
    package func submit(
        _ block: ReceivedBlock, leaf: SHA256Digest, completion: @escaping @Sendable (Bool) -> Void
    ) {
        let content = contentLength(of: block.request.piece) - Int(block.request.begin)
        let isQueued = pools.hashing.submit(urgent: true) { [self] in
            // What is behind a hybrid's file in its last piece is padding, and in no leaf.
            let covered = UnsafeRawBufferPointer(
                rebasing: block.bytes.prefix(max(0, content)))
            pools.counters.addHashed(covered.count)
            let isGood = pools.verifiers.withVerifier { $0.leaf(of: covered) } == leaf
            if isGood { arrived(block) }
            completion(isGood)
        }
        if !isQueued { completion(false) }
    }

    private func arrived(_ block: ReceivedBlock) {
        let piece = block.request.piece
        let (ended, source) = state.withLock { state in
            guard !state.has(piece), !state.isClosed else {
                return ([(read: ReadID, wait: PieceStoreState.Wait)](), state.source)
            }
            state.blocks.insert(block)
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

extension PieceStoreState {
    /// The part of a piece that lies in a part of the payload, in bytes of the piece.
    static func part(
        of piece: PieceIndex, in bytes: Range<Int64>, _ geometry: PieceGeometry
    ) -> Range<Int> {
        let start = Int64(piece.value) * Int64(geometry.pieceLength)
        let length = Int64(geometry.length(of: piece))
        let lower = min(max(0, bytes.lowerBound - start), length)
        return Int(lower)..<Int(min(max(lower, bytes.upperBound - start), length))
    }

    /// Whether the blocks are here that a read needs of a piece.
    func hasBlocks(_ bytes: Range<Int64>?, of piece: PieceIndex, _ geometry: PieceGeometry) -> Bool
    {
        guard let bytes, !blocks.isEmpty else { return false }
        return blocks.covers(Self.part(of: piece, in: bytes, geometry), of: piece)
    }

    /// A block has come: takes out the waits that waited for nothing else.
    mutating func takeWaits(
        endedByBlocksOf piece: PieceIndex, _ geometry: PieceGeometry
    ) -> [(read: ReadID, wait: Wait)] {
        var ended: [(read: ReadID, wait: Wait)] = []
        var left: [ReadID] = []
        for read in waiters.removeValue(forKey: piece) ?? [] {
            guard let wait = waits[read], hasBlocks(wait.bytes, of: piece, geometry) else {
                left.append(read)
                continue
            }
            if wait.missing > 1 {
                waits[read]?.missing = wait.missing - 1
            } else if let wait = waits.removeValue(forKey: read) {
                ended.append((read, wait))
            }
        }
        if !left.isEmpty { waiters[piece] = left }
        return ended
    }
}
