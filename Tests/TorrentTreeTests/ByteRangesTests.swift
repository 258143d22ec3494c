import Testing
import TorrentCore
import TorrentTree

@Suite("Sets of byte positions")
struct ByteRangesTests {
    @Test func `ranges that touch become one`() {
        var set = ByteRanges()
        set.insert(0..<10)
        set.insert(20..<30)
        set.insert(10..<20)
        #expect(set.ranges == [0..<30])
        set.remove(5..<6)
        #expect(set.ranges == [0..<5, 6..<30])
        #expect(set.contains(6..<30))
        #expect(!set.contains(4..<7))
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `it agrees with a plain set of numbers`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var set = ByteRanges()
        var model: Set<Int64> = []
        for _ in 0..<300 {
            let start = Int64.random(in: 0..<200, using: &random)
            let range = start..<start + Int64.random(in: 0..<40, using: &random)
            if Bool.random(using: &random) {
                set.insert(range)
                model.formUnion(range)
            } else {
                set.remove(range)
                model.subtract(range)
            }
            #expect(set.ranges.flatMap { Array($0) } == model.sorted())
            let probe = start / 2..<start / 2 + 7
            #expect(set.contains(probe) == model.isSuperset(of: probe))
        }
    }

    @Test func `the number of ranges is bounded, and none is lost`() {
        var set = ByteRanges()
        for index in 0..<1000 as Range<Int64> { set.insert(index * 100..<index * 100 + 1) }
        #expect(set.ranges.count <= ByteRanges.limit)
        for index in 0..<1000 as Range<Int64> {
            #expect(set.contains(index * 100..<index * 100 + 1))
        }
    }
}
