import Swarm
import Testing
import TorrentCore

@Suite("Demand of reads and windows")
struct ReadSchedulerTests {
    private func range(_ pieces: Range<Int>) -> Range<PieceIndex> {
        PieceIndex(pieces.lowerBound)..<PieceIndex(pieces.upperBound)
    }

    @Test func `pieces are urgent in the order of their earliest reads`() {
        var scheduler = ReadScheduler()
        let have = World.pieces(".*....")
        #expect(
            scheduler.readArrived(ReadKey(1), pieces: range(3..<5), have: have).map(\.value)
                == [3, 4])
        #expect(
            scheduler.readArrived(ReadKey(2), pieces: range(0..<4), have: have).map(\.value)
                == [0, 2])
        #expect(scheduler.urgent.map(\.value) == [3, 4, 0, 2])
        #expect(scheduler.readEnded(ReadKey(1)).map(\.value) == [4])
        #expect(scheduler.urgent.map(\.value) == [3, 0, 2])
        scheduler.pieceArrived(PieceIndex(0))
        #expect(scheduler.readEnded(ReadKey(2)).map(\.value) == [2, 3])
        #expect(scheduler.readEnded(ReadKey(2)).isEmpty)
        #expect(!scheduler.hasDemand)
    }

    @Test func `a window that moves says what it left`() {
        var scheduler = ReadScheduler()
        let stream = StreamKey(1)
        #expect(scheduler.setWindow(stream, range(0..<8)) == [])
        #expect(scheduler.setWindow(stream, range(2..<10)) == [range(0..<2)])
        #expect(scheduler.setWindow(stream, range(4..<6)) == [range(2..<4), range(6..<10)])
        #expect(scheduler.setWindow(stream, range(20..<22)) == [range(4..<6)])
        #expect(scheduler.isAhead(PieceIndex(21)))
        #expect(scheduler.setWindow(stream, range(0..<0)) == [range(20..<22)])
        #expect(!scheduler.hasDemand)
    }

    @Test func `a read that is announced again replaces itself`() {
        var scheduler = ReadScheduler()
        let have = World.pieces("....")
        _ = scheduler.readArrived(ReadKey(1), pieces: range(0..<2), have: have)
        _ = scheduler.readArrived(ReadKey(1), pieces: range(1..<3), have: have)
        #expect(scheduler.urgent.map(\.value).sorted() == [1, 2])
        #expect(scheduler.readCount == 1)
    }
}
