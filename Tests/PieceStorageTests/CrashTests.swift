import Foundation
import Glibc
import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("A process that is killed leads to no wrong byte")
struct CrashTests {
    private static func torrent() throws -> SampleTorrent {
        try SampleTorrent.v1(
            SampleTorrent.files([3_000_000, 77, 1_000_000, 500_000]), pieceLength: 32_768)
    }

    /// Each round is a process that writes pieces, commits often, and kills itself with SIGKILL at
    /// a moment that the seed chooses; the next one opens what it left. In two rounds of three the
    /// moment comes after a commit or two, however slow the disk is.
    @Test func `whatever the moment`() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path
        let torrent = try Self.torrent()
        var best = 0
        for round in 0..<12 {
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [path = path as String, round = round as Int] in
                let torrent = try Self.torrent()
                var random = SeededRandom(seed: UInt64(round))
                let delay = Int64.random(in: 500...40_000, using: &random)
                let store = try PieceStore(torrent, in: CacheDirectory(path: path))
                let commits = Condition(0)
                let killer = try Thread(name: "killer") {
                    _ = commits.wait { $0 >= round % 3 ? true : nil }
                    usleep(UInt32(delay))
                    kill(getpid(), SIGKILL)
                }
                for piece in Array(torrent.geometry.pieces).shuffled(using: &random)
                where !store.has(piece) {
                    store.put(piece, torrent.bytes(of: piece))
                    guard piece.value % 3 == 0 else { continue }
                    store.flush(until: .later)
                    commits.update { $0 += 1 }
                }
                commits.update { $0 = round }
                killer.join()
            }
            let store = try PieceStore(torrent, in: CacheDirectory(path: path))
            let cached = store.cached
            for piece in torrent.geometry.pieces where cached[piece] {
                for index in 0..<torrent.geometry.blockCount(of: piece) {
                    let request = torrent.geometry.block(index, of: piece)
                    let bytes = torrent.bytes(of: piece)
                    let end = Int(request.begin + request.length)
                    #expect(store.block(request) == Array(bytes[Int(request.begin)..<end]))
                }
            }
            // What was committed stays.
            #expect(cached.setCount >= best)
            best = cached.setCount
            #expect(store.close(until: .later))
        }
        #expect(best > 0)
    }
}
