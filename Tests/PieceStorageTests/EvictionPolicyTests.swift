import Metainfo
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("When to evict, how much, and what")
struct EvictionPolicyTests {
    private static let megabyte: Int64 = 1 << 20

    private func candidate(_ piece: Int, _ time: UInt32, _ bytes: Int64 = 10)
        -> EvictionPolicy.Candidate
    {
        EvictionPolicy.Candidate(
            piece: PieceIndex(piece), lastUse: UseTime(rawValue: time), bytes: bytes)
    }

    private func pieces(_ lists: [[EvictionPolicy.Candidate]], _ bytes: Int64) -> [[Int]] {
        EvictionPolicy.choose(lists, bytes: bytes).map { $0.map(\.piece.value) }
    }

    @Test func `the least recently used go first, across torrents`() {
        let lists = [
            [candidate(0, 5), candidate(1, 1), candidate(2, 9)],
            [candidate(0, 2), candidate(1, 7), candidate(2, 3)],
        ]
        #expect(pieces(lists, 0) == [[], []])
        #expect(pieces(lists, 1) == [[1], []])
        #expect(pieces(lists, 20) == [[1], [0]])
        #expect(pieces(lists, 21) == [[1], [0, 2]])
        #expect(pieces(lists, 45) == [[0, 1], [0, 1, 2]])
        #expect(pieces(lists, 1000) == [[0, 1, 2], [0, 1, 2]])
    }

    @Test func `of those used at the same time no more go than needed, in order`() {
        let list = (0..<10).map { candidate($0, 4) } + [candidate(10, 3)]
        #expect(pieces([list], 35) == [[0, 1, 2, 10]])
    }

    @Test func `choosing agrees with a sorted list`() {
        for seed in 0..<50 {
            var random = SeededRandom(seed: UInt64(seed))
            let lists = (0..<3).map { _ in
                (0..<40).map {
                    candidate($0, UInt32(random.next() % 30), Int64(random.next() % 50))
                }
            }
            let bytes = Int64(random.next() % 2500)
            let chosen = EvictionPolicy.choose(lists, bytes: bytes)
            let gone = chosen.flatMap(\.self)
            let sum = gone.reduce(0) { $0 + $1.bytes }
            let all = lists.flatMap(\.self)
            #expect(sum >= min(bytes, all.reduce(0) { $0 + $1.bytes }))
            let newest = gone.map(\.lastUse).max() ?? .never
            for (list, chosen) in zip(lists, chosen) {
                #expect(chosen.allSatisfy(list.contains))
                for candidate in list where candidate.lastUse < newest {
                    #expect(chosen.contains(candidate))
                }
            }
            // Without the last it would not do.
            let last = gone.filter { $0.lastUse == newest && $0.bytes > 0 }
            if let smallest = last.map(\.bytes).max() { #expect(sum - smallest < bytes) }
        }
    }

    @Test func `a size limit has a margin`() {
        let megabyte = Self.megabyte
        let policy = EvictionPolicy(
            limits: CacheLimits(size: 10_000 * megabyte, free: .bytes(0)))
        #expect(EvictionPolicy.margin(10_000 * megabyte) == 500 * megabyte)
        #expect(EvictionPolicy.margin(800 * megabyte) == 64 * megabyte)
        #expect(EvictionPolicy.margin(128 * megabyte) == 32 * megabyte)
        #expect(EvictionPolicy.margin(48 * megabyte) == 6 * megabyte)
        #expect(EvictionPolicy.margin(1 << 50) == 4 << 30)
        var usage = EvictionPolicy.Usage(committed: 9000 * megabyte, diskCapacity: 0, diskFree: 0)
        #expect(!policy.isDue(usage))
        #expect(policy.bytesToEvict(usage, wanted: 0) < 0)
        usage.committed = 9870 * megabyte
        #expect(!policy.isDue(usage))
        usage.committed = 9900 * megabyte
        #expect(policy.isDue(usage))
        #expect(policy.bytesToEvict(usage, wanted: 0) == 400 * megabyte)
        #expect(policy.bytesToEvict(usage, wanted: 100 * megabyte) == 500 * megabyte)
        #expect(policy.excess(usage, wanted: 100 * megabyte) == 0)
        #expect(policy.excess(usage, wanted: 101 * megabyte) > 0)
    }

    @Test func `free space is kept too, and the stricter limit counts`() {
        let megabyte = Self.megabyte
        let policy = EvictionPolicy(
            limits: CacheLimits(size: 50_000 * megabyte, free: .percent(10)))
        var usage = EvictionPolicy.Usage(
            committed: 10_000 * megabyte, diskCapacity: 100_000 * megabyte,
            diskFree: 30_000 * megabyte)
        #expect(!policy.isDue(usage))
        usage.diskFree = 9000 * megabyte
        #expect(policy.excess(usage, wanted: 0) == 1000 * megabyte)
        // The cache may take 9000 here: a margin of a twentieth.
        #expect(policy.bytesToEvict(usage, wanted: 0) == 1450 * megabyte)
        usage.committed = 60_000 * megabyte
        #expect(policy.excess(usage, wanted: 0) == 10_000 * megabyte)
    }

    @Test func `without limits nothing is ever due`() {
        let policy = EvictionPolicy(limits: .unlimited)
        let usage = EvictionPolicy.Usage(committed: .max / 4, diskCapacity: 0, diskFree: 0)
        #expect(!policy.isDue(usage))
        #expect(policy.excess(usage, wanted: 1 << 40) < 0)
    }

    @Test func `percentages are of the whole disk`() {
        #expect(CacheLimits.standard.bytesKeptFree(of: 1000) == 50)
        #expect(CacheLimits(size: nil, free: .percent(200)).bytesKeptFree(of: 1000) == 1000)
        #expect(CacheLimits(size: nil, free: .bytes(-1)).bytesKeptFree(of: 1000) == 0)
    }

    @Test func `use times are ordered, fit in four bytes and survive as bytes`() {
        #expect(UseTime(seconds: 0) == .never)
        #expect(UseTime(seconds: .max).rawValue == .max)
        #expect(UseTime(seconds: 1_750_000_000) < UseTime(seconds: 1_750_000_001))
        #expect(UseTime(seconds: 1_750_000_000) < .now())
        var times = UseTimes(count: 5, all: UseTime(rawValue: 7))
        #expect(times.takeBytes() == nil)
        times.note(PieceIndex(1)..<PieceIndex(3), at: UseTime(rawValue: 0x0102_0304))
        let bytes = times.takeBytes()
        #expect(bytes?.count == 20)
        #expect(times.takeBytes() == nil)
        let again = UseTimes(bytes: bytes ?? [], count: 5)
        #expect(again?[PieceIndex(2)] == UseTime(rawValue: 0x0102_0304))
        #expect(again?[PieceIndex(3)] == UseTime(rawValue: 7))
        #expect(UseTimes(bytes: bytes ?? [], count: 6) == nil)
    }
}
