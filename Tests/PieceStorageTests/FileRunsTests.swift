import Testing
import TorrentCore

@testable import PieceStorage

@Suite("Sets of files as runs")
struct FileRunsTests {
    @Test(arguments: 0..<20)
    func `they hold what a plain set holds, in the fewest runs`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var runs = FileRuns()
        var model = Set<Int>()
        for _ in 0..<300 {
            let start = Int.random(in: 0..<60, using: &random)
            let run = start..<min(60, start + Int.random(in: 0..<12, using: &random))
            if Bool.random(using: &random) {
                runs.insert(run)
                model.formUnion(run)
            } else {
                runs.remove(run)
                model.subtract(run)
            }
            let held = (0..<60).filter { runs.contains(FileIndex($0)) }
            #expect(held == model.sorted())
            #expect(runs.runs.allSatisfy { !$0.isEmpty })
            for (run, next) in zip(runs.runs, runs.runs.dropFirst()) {
                #expect(run.upperBound < next.lowerBound)
            }
            #expect(FileRuns(runs.runs.reversed(), count: 60) == runs)
        }
    }

    @Test func `runs beyond the torrent's files are left out`() {
        #expect(FileRuns([0..<3, 5..<11, -1..<2], count: 10).runs == [0..<3])
    }
}
