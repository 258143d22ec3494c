import Metainfo
import PieceStorage
import Reactor
import Swarm
import TorrentCore

/// Where the blocks of a run land that a web seed sends: straight in the piece buffers, written by
/// the HTTP client's thread.
///
/// The lock is what makes two threads write to, and hand over, the same buffer: bytes are copied
/// under it, and the loop's thread takes a block's place away under it before somebody else writes
/// or reads there. It is taken once for what one read of the socket brought.
final class RunLanding: Sendable {
    private let state: Locked<RunLandingState>
    private let onNews: @Sendable () -> Void

    /// - Parameters:
    ///   - parts: see `RunPart.parts`.
    ///   - onNews: called on the writing thread when blocks are complete, and again when they have
    ///     been taken and more are.
    init(
        _ blocks: [(request: BlockRequest, place: BlockPlace)], parts: [RunPart],
        onNews: @escaping @Sendable () -> Void
    ) {
        var left = blocks.map { _ in 0 }
        for part in parts {
            var (block, offset, rest) = (part.firstBlock, part.firstOffset, part.length)
            while rest > 0 {
                let count = min(rest, Int(blocks[block].request.length) - offset)
                left[block] += count
                rest -= count
                (block, offset) = (block + 1, 0)
            }
        }
        let state = RunLandingState(
            blocks: blocks.indices.map {
                RunLandingState.Block(
                    request: blocks[$0].request, place: blocks[$0].place, left: left[$0])
            },
            cursors: parts.map {
                RunLandingState.Cursor(block: $0.firstBlock, offset: $0.firstOffset)
            })
        self.state = Locked(state)
        self.onNews = onNews
    }

    /// Takes the next bytes of a part, which has so many left. On the client's thread.
    func write(_ bytes: UnsafeRawBufferPointer, part: Int) {
        let isNews = state.withLock { state in
            var rest = bytes
            var cursor = state.cursors[part]
            let before = state.complete.count
            while !rest.isEmpty {
                let length = Int(state.blocks[cursor.block].request.length)
                let count = min(rest.count, length - cursor.offset)
                state.copy(
                    UnsafeRawBufferPointer(rebasing: rest[..<count]), to: cursor.block,
                    cursor.offset)
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                cursor.offset += count
                if cursor.offset == length { (cursor.block, cursor.offset) = (cursor.block + 1, 0) }
            }
            state.cursors[part] = cursor
            guard state.complete.count > before, !state.hasNews else { return false }
            state.hasNews = true
            return true
        }
        if isNews { onNews() }
    }

    /// The blocks that are complete and have not been taken, with their places.
    func takeComplete() -> [(request: BlockRequest, place: BlockPlace)] {
        state.withLock { state in
            state.hasNews = false
            let taken = state.complete.map {
                (request: state.blocks[$0].request, place: state.blocks[$0].place)
            }
            // The piece's memory is not kept until the whole run has come.
            for index in state.complete { state.blocks[index].place = .nowhere }
            state.complete.removeAll(keepingCapacity: true)
            return taken
        }
    }

    /// Writes no more to a block's place.
    func discard(_ request: BlockRequest) {
        state.withLock { state in
            guard let index = state.index(of: request) else { return }
            state.blocks[index].place = .nowhere
        }
    }

    /// Writes no more.
    func close() {
        state.withLock { state in
            for index in state.blocks.indices { state.blocks[index].place = .nowhere }
        }
    }
}
