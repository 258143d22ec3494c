import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("Waiting reads")
struct WaitingTests {
    private struct Fixture {
        let directory: TemporaryDirectory
        let torrent: SampleTorrent
        let store: PieceStore

        init(pieces: Int = 8) throws {
            directory = try TemporaryDirectory()
            torrent = try SampleTorrent.single(16_384 * pieces - 5, pieceLength: 16_384)
            store = try PieceStore(torrent, in: CacheDirectory(path: directory.path))
        }
    }

    @Test func `a read of missing pieces names them and copies nothing`() throws {
        let fixture = try Fixture()
        fixture.store.put(PieceIndex(1), fixture.torrent.bytes(of: PieceIndex(1)))
        var buffer = [UInt8](repeating: 0xEE, count: 16_384 * 4)
        let outcome = buffer.withUnsafeMutableBytes {
            fixture.store.read(FileIndex(0), offset: 0, into: $0)
        }
        #expect(outcome == .missing(PieceIndex(0)..<PieceIndex(4)))
        #expect(buffer.allSatisfy { $0 == 0xEE })
    }

    @Test func `a wait ends when its last piece is verified, before that is written`() throws {
        let fixture = try Fixture()
        let (store, torrent) = (fixture.store, fixture.torrent)
        let source = RecordingSource()
        store.setSource(source)
        let completed = Condition(0)
        let pieces = PieceIndex(2)..<PieceIndex(4)
        let read = store.wait(for: pieces) {
            // What was waited for is there at once.
            let bytes = store.bytes(of: FileIndex(0), offset: 2 * 16_384, count: 2 * 16_384)
            #expect(bytes == torrent.bytes(of: PieceIndex(2)) + torrent.bytes(of: PieceIndex(3)))
            completed.update { $0 += 1 }
        }
        let id = try #require(read)
        #expect(store.waitingReadCount == 1)
        store.put(PieceIndex(2), torrent.bytes(of: PieceIndex(2)))
        #expect(completed.update { $0 } == 0)
        store.put(PieceIndex(3), torrent.bytes(of: PieceIndex(3)))
        #expect(completed.update { $0 } == 1)
        #expect(store.waitingReadCount == 0)
        #expect(!store.cancelWait(id))
        #expect(source.events == [.arrived(id, pieces), .ended(id)])
        #expect(store.wait(for: pieces) {} == nil)
    }

    @Test func `a cancelled wait is never completed`() throws {
        let fixture = try Fixture()
        let (store, torrent) = (fixture.store, fixture.torrent)
        let source = RecordingSource()
        store.setSource(source)
        let read = try #require(
            store.wait(for: PieceIndex(0)..<PieceIndex(3)) { Issue.record("completed") })
        #expect(store.cancelWait(read))
        #expect(!store.cancelWait(read))
        store.reportTimeout(read, pieces: PieceIndex(0)..<PieceIndex(3), path: "one.bin")
        store.putAll(torrent)
        #expect(
            source.events == [
                .arrived(read, PieceIndex(0)..<PieceIndex(3)), .ended(read), .timedOut(read),
            ])
        #expect(store.state.withLock { $0.waiters.isEmpty })
    }

    @Test func `the end of a read is never told before its beginning`() throws {
        let fixture = try Fixture()
        let (store, torrent) = (fixture.store, fixture.torrent)
        // The piece arrives while the source is being told of the read.
        let source = RecordingSource { _, pieces in
            store.put(pieces.lowerBound, torrent.bytes(of: pieces.lowerBound))
        }
        store.setSource(source)
        let completed = Condition(0)
        let pieces = PieceIndex(5)..<PieceIndex(6)
        let read = try #require(store.wait(for: pieces) { completed.update { $0 += 1 } })
        #expect(completed.update { $0 } == 1)
        #expect(source.events == [.arrived(read, pieces), .ended(read)])
        store.setSource(nil)
    }

    @Test func `reads that came before the source are told to it`() throws {
        let fixture = try Fixture()
        let pieces = PieceIndex(1)..<PieceIndex(2)
        let read = try #require(fixture.store.wait(for: pieces) {})
        let source = RecordingSource()
        fixture.store.setSource(source)
        #expect(source.events == [.arrived(read, pieces)])
        #expect(fixture.store.cancelWait(read))
        #expect(source.events == [.arrived(read, pieces), .ended(read)])
    }

    @Test func `readahead of pieces that are there costs the source nothing`() throws {
        let fixture = try Fixture()
        let (store, torrent) = (fixture.store, fixture.torrent)
        let source = RecordingSource()
        store.setSource(source)
        for piece in 0..<3 { store.put(PieceIndex(piece), torrent.bytes(of: PieceIndex(piece))) }
        let stream = StreamID(1)
        store.readahead(stream, pieces: PieceIndex(0)..<PieceIndex(3))
        #expect(source.events.isEmpty)
        store.readahead(stream, pieces: PieceIndex(1)..<PieceIndex(6))
        #expect(source.events == [.readahead(stream, PieceIndex(3)..<PieceIndex(6))])
        store.readahead(stream, pieces: PieceIndex(0)..<PieceIndex(0))
        #expect(source.events.count == 2)
        store.readahead(stream, pieces: PieceIndex(0)..<PieceIndex(0))
        #expect(source.events.count == 2)
    }

    /// Readers register, cancel and read while pieces arrive: whatever the order, each wait is
    /// completed or cancelled, exactly once, and the source hears of both ends in order.
    @Test(arguments: 0..<8)
    func `races lose no wake-up and complete nothing twice`(seed: Int) async throws {
        let fixture = try Fixture(pieces: 64)
        let (store, torrent) = (fixture.store, fixture.torrent)
        let source = RecordingSource()
        store.setSource(source)
        let finished = Condition(0)
        let registered = Locked(0)
        let completions = Locked<[ReadID: Int]>([:])
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<6 {
                group.addTask {
                    var random = SeededRandom(seed: UInt64(seed * 100 + worker))
                    for _ in 0..<200 {
                        let start = Int.random(in: 0..<64, using: &random)
                        let end = min(64, start + Int.random(in: 1...4, using: &random))
                        let pieces = PieceIndex(start)..<PieceIndex(end)
                        let read = store.wait(for: pieces) {
                            for piece in pieces { #expect(store.has(piece)) }
                            finished.update { $0 += 1 }
                        }
                        guard let read else { continue }
                        registered.withLock { $0 += 1 }
                        completions.withLock { $0[read] = 0 }
                        if Bool.random(using: &random), store.cancelWait(read) {
                            finished.update { $0 += 1 }
                        }
                    }
                }
            }
            group.addTask {
                var random = SeededRandom(seed: UInt64(seed))
                for piece in Array(torrent.geometry.pieces).shuffled(using: &random) {
                    store.put(piece, torrent.bytes(of: piece))
                }
            }
        }
        let expected = registered.withLock { $0 }
        #expect(finished.wait(until: .later) { $0 >= expected ? true : nil } == true)
        store.waitUntilWritten()
        #expect(finished.update { $0 } == expected)
        #expect(store.waitingReadCount == 0)
        #expect(store.state.withLock { $0.waiters.isEmpty })
        var open: Set<ReadID> = []
        var seen: Set<ReadID> = []
        for event in source.events {
            switch event {
            case .arrived(let read, _):
                #expect(seen.insert(read).inserted && open.insert(read).inserted)
            case .ended(let read): #expect(open.remove(read) != nil)
            default: Issue.record("unexpected \(event)")
            }
        }
        #expect(open.isEmpty)
        #expect(seen.count == expected)
        #expect(store.isComplete(torrent))
    }
}
