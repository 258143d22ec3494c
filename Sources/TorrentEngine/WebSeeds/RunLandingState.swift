import PieceStorage
import Swarm
import TorrentCore

/// What a `RunLanding` guards.
struct RunLandingState {
    struct Block {
        let request: BlockRequest
        var place: BlockPlace
        /// Bytes that have not come; padding need not.
        var left: Int
    }

    /// A position in the run, as blocks need not be equally long.
    struct Cursor {
        var block: Int
        var offset: Int
    }

    var blocks: [Block]
    /// Where the next bytes of each part go.
    var cursors: [Cursor]
    /// Blocks that are complete and have not been taken.
    var complete: [Int] = []
    /// Whether that has been told.
    var hasNews = false

    /// Blocks are in ascending order.
    func index(of request: BlockRequest) -> Int? {
        var low = 0
        var high = blocks.count
        while low < high {
            let middle = (low + high) / 2
            let other = blocks[middle].request
            if (other.piece, other.begin) < (request.piece, request.begin) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low < blocks.count && blocks[low].request == request ? low : nil
    }

    mutating func copy(_ source: UnsafeRawBufferPointer, to block: Int, _ offset: Int) {
        switch blocks[block].place {
        case .piece(let buffer):
            let start = Int(blocks[block].request.begin) + offset
            UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[start...])
                .copyMemory(from: source)
        case .scratch(let scratch):
            UnsafeMutableRawBufferPointer(rebasing: scratch.bytes[offset...])
                .copyMemory(from: source)
        case .nowhere: break
        }
        blocks[block].left -= source.count
        if blocks[block].left == 0 { complete.append(block) }
    }
}
