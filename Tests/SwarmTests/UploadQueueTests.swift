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
