import Foundation
import RealClients
import SimulatedDisk
import Testing

@Suite("A power loss leads to no wrong byte and loses nothing that was synced", .realClients)
struct PowerLossTests {
    /// Moments at which power is lost; `scripts/soak` asks for more.
    private static let moments =
        ProcessInfo.processInfo.environment["SWARMFS_SOAK"] == nil ? 40 : 2000

    /// A mount is used, ended, made again and killed, while everything that it does to its cache is
    /// written down. Then power is lost at many moments of that life, and each time the cache that
    /// is left is opened.
    @Test func `whenever it comes, whatever the kernel had written`() throws {
        try TestBed.run { bed in
            let life = try RecordedLife(in: bed, size: 2_500_000, pieceLength: 32_768)
            var random = SplitMix64(state: 1)
            var certain = 0
            for moment in life.moments(Self.moments) {
                let synced = try life.cached(losing: .losesEverythingUnsynced, moment, &random)
                // What was once synced is there for good.
                #expect(synced.count >= certain)
                certain = synced.count
                let some = try life.cached(losing: .losesSome, moment, &random)
                #expect(some.isSuperset(of: synced), "after \(moment) events")
                let all = try life.cached(losing: .losesNothing, moment, &random)
                #expect(all.isSuperset(of: synced), "after \(moment) events")
            }
            // The first mount had been ended properly with half of the pieces.
            #expect(certain >= life.torrent.pieceCount / 2)
        }
    }

    /// Of a v2 torrent single blocks are kept as well: neither are those wrong that are there, nor do
    /// those go that were synced, whether their pieces become whole or not.
    @Test func `of blocks that were read by themselves`() throws {
        try TestBed.run { bed in
            let life = try RecordedLife(
                readingBlocksIn: bed, size: 24_000_000, pieceLength: 1 << 20, reads: 30,
                options: ["--cache-free", "0"])
            var random = SplitMix64(state: 3)
            var certain: Int64 = 0
            for moment in life.moments(Self.moments / 4) {
                let synced = try life.cachedBytes(losing: .losesEverythingUnsynced, moment, &random)
                #expect(synced >= certain)
                certain = synced
                let some = try life.cachedBytes(losing: .losesSome, moment, &random)
                #expect(some >= synced, "after \(moment) events")
            }
            #expect(certain > 60 * 16_384)
        }
    }

    /// And they go as well, to make room.
    @Test func `of blocks that were read by themselves, in a cache that evicts as well`() throws {
        try TestBed.run { bed in
            let life = try RecordedLife(
                readingBlocksIn: bed, size: 48_000_000, pieceLength: 4 << 20, reads: 60,
                options: ["--cache-size", "16M", "--cache-free", "0"])
            var random = SplitMix64(state: 4)
            var most: Int64 = 0
            for moment in life.moments(Self.moments / 6) {
                for loss in [PowerLoss.losesEverythingUnsynced, .losesSome] {
                    most = max(most, try life.cachedBytes(losing: loss, moment, &random))
                }
            }
            #expect(most > 4 << 20)
            #expect(most <= 16 << 20)
        }
    }

    /// Here pieces go as well as come: whatever of that had reached the disk, what the catalogue says
    /// is there is right.
    @Test func `in a cache that evicts as well`() throws {
        try TestBed.run { bed in
            let life = try RecordedLife(
                in: bed, size: 30_000_000, pieceLength: 262_144,
                options: ["--cache-size", "16M", "--cache-free", "0"])
            var random = SplitMix64(state: 2)
            var most = 0
            for moment in life.moments(Self.moments / 3) {
                for loss in [PowerLoss.losesEverythingUnsynced, .losesSome] {
                    most = max(most, try life.cached(losing: loss, moment, &random).count)
                }
            }
            #expect(most > life.torrent.pieceCount / 4)
            #expect(most < life.torrent.pieceCount)
        }
    }
}
