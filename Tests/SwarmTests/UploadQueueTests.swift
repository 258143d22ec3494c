import Swarm
import Testing
import TorrentCore

@Suite("Upload queue")
struct UploadQueueTests {
    private func block(_ number: Int) -> BlockRequest {
        BlockRequest(piece: PieceIndex(number), begin: 0, length: 16384)
    }

    @Test func `requests are served in order, once`() {
        var queue = UploadQueue()
        for number in 0..<5 { #expect(queue.add(block(number)) == .queued) }
        #expect(queue.add(block(3)) == .duplicate)
        let first = queue.cancel(block(1))
        let second = queue.cancel(block(1))
        #expect(first && !second)
        #expect(queue.next() == block(0))
        #expect(queue.next() == block(2))
        #expect(queue.add(block(0)) == .queued)
        #expect(queue.removeAll() == [block(3), block(4), block(0)])
        #expect(queue.next() == nil)
        #expect(queue.isEmpty)
    }

    @Test func `a run ends at a gap, at another piece and at its limit`() {
        func block(_ piece: Int, _ begin: Int, _ length: Int = 100) -> BlockRequest {
            BlockRequest(piece: PieceIndex(piece), begin: begin, length: length)
        }
        var queue = UploadQueue()
        let blocks = [
            block(0, 0), block(0, 100), block(0, 200), block(0, 400), block(1, 500), block(2, 0),
            block(2, 100, 1000),
        ]
        for block in blocks { _ = queue.add(block) }
        #expect(Array(queue.waiting) == blocks)
        let runs = [blocks[0..<2], blocks[2..<3], blocks[3..<4], blocks[4..<5], blocks[5..<6]]
        for run in runs { #expect(queue.nextRun(limit: 299) == Array(run)) }
        // What is longer than the limit comes alone.
        #expect(queue.nextRun(limit: 299) == [blocks[6]])
        #expect(queue.nextRun(limit: 299).isEmpty)
        #expect(queue.isEmpty && queue.waiting.isEmpty)
    }

    @Test func `what is over is dropped, and the rest keeps its order`() {
        var queue = UploadQueue()
        for number in 0..<6 { _ = queue.add(block(number)) }
        _ = queue.next()
        queue.removeAll { $0.piece.value % 2 == 0 }
        #expect(Array(queue.waiting) == [block(1), block(3), block(5)])
        #expect(queue.add(block(3)) == .duplicate)
        #expect(queue.add(block(2)) == .queued)
    }

    @Test func `the limit holds however long the queue lives`() {
        var queue = UploadQueue()
        for number in 0..<UploadQueue.limit { _ = queue.add(block(number)) }
        #expect(queue.add(block(9999)) == .full)
        #expect(queue.add(block(0)) == .duplicate)
        for number in 0..<5000 {
            #expect(queue.next() == block(number))
            #expect(queue.add(block(number + UploadQueue.limit)) == .queued)
            #expect(queue.count == UploadQueue.limit)
        }
    }
}
