import PeerProtocol
import Testing
import TorrentCore
import TorrentCrypto

@Suite("Fetching metadata from several peers (BEP 9)")
struct MetadataDownloadTests {
    /// 40,000 bytes: two pieces of 16 KiB and a short one.
    private static let metadata = (0..<40_000).map { UInt8(truncatingIfNeeded: ($0 &* 7) >> 3) }
    private static let hashing = OpenSSLHashing()

    private static func identity(_ bytes: [UInt8]) -> TorrentIdentity {
        TorrentIdentity(v1: hashing.sha1(bytes.span))
    }

    /// The download under test with peers that answer as they are told.
    private final class Swarm {
        var download: MetadataDownload
        var now = Timestamp.zero
        /// What each peer serves.
        var served: [UInt32: [UInt8]] = [:]
        var requests: [(peer: UInt32, piece: Int)] = []
        var dropped: [UInt32] = []
        var completed: [UInt8]?

        init(_ identity: TorrentIdentity) { download = MetadataDownload(identity: identity) }

        /// Takes the actions; requests wait for `answer`.
        func collect() {
            while let action = download.nextAction() {
                switch action {
                case .request(let peer, let piece): requests.append((peer, piece))
                case .completed(let bytes): completed = bytes
                case .drop(let peer):
                    dropped.append(peer)
                    served[peer] = nil
                    requests.removeAll { $0.peer == peer }
                }
            }
        }

        func offer(_ peer: UInt32, _ bytes: [UInt8]) {
            served[peer] = bytes
            download.peerOffers(peer: peer, size: bytes.count, now: now)
            collect()
        }

        func send(_ peer: UInt32, _ piece: Int) {
            guard let bytes = served[peer] else { return }
            let start = piece * MetadataMessage.pieceLength
            let end = min(bytes.count, start + MetadataMessage.pieceLength)
            download.arrived(
                peer: peer, piece: piece, totalSize: bytes.count, bytes: Array(bytes[start..<end]),
                hashing: hashing, now: now)
            collect()
        }

        /// Answers what is requested, and fires timers, for so many seconds.
        func run(seconds: Double, except silent: Set<UInt32> = []) {
            let end = now + .seconds(seconds)
            while completed == nil {
                if let index = requests.firstIndex(where: { !silent.contains($0.peer) }) {
                    let request = requests.remove(at: index)
                    send(request.peer, request.piece)
                } else {
                    guard download.nextDeadline <= end else { break }
                    #expect(download.nextDeadline > now, "a timer that fires in vain")
                    now = max(now, download.nextDeadline)
                    download.timerFired(now: now)
                    collect()
                }
            }
        }

        /// The pieces that a peer is asked for, in order.
        func asked(_ peer: UInt32) -> [Int] {
            requests.filter { $0.peer == peer }.map(\.piece).sorted()
        }
    }

    @Test func `one peer is enough`() {
        let swarm = Swarm(Self.identity(Self.metadata))
        swarm.offer(1, Self.metadata)
        #expect(swarm.asked(1) == [0, 1, 2])
        swarm.send(1, 2)
        swarm.send(1, 0)
        #expect(swarm.download.progress.received == 16_384 + 7232)
        #expect(swarm.download.progress.total == 40_000)
        swarm.send(1, 1)
        #expect(swarm.completed == Self.metadata)
        #expect(swarm.download.isComplete)
        #expect(swarm.download.nextDeadline == Timestamp(nanoseconds: .max))
    }

    @Test func `v2 and hybrid metadata are verified by every hash that is known`() {
        let v2 = Self.hashing.sha256(Self.metadata.span)
        let wrong = Connection.digest(1)
        for (identity, isFine) in [
            (TorrentIdentity(v2: v2), true),
            (TorrentIdentity(v2: v2, v1: Self.hashing.sha1(Self.metadata.span)), true),
            (TorrentIdentity(v2: v2, v1: wrong), false),
        ] {
            let swarm = Swarm(identity)
            swarm.offer(1, Self.metadata)
            swarm.run(seconds: 1)
            #expect((swarm.completed != nil) == isFine)
            #expect(swarm.dropped == (isFine ? [] : [1]))
        }
    }

    @Test func `pieces are spread over peers, and the window grows`() {
        let large = [UInt8](repeating: 1, count: 40 * MetadataMessage.pieceLength)
        let swarm = Swarm(Self.identity(large))
        swarm.offer(1, large)
        #expect(swarm.asked(1) == [0, 1, 2, 3])
        swarm.offer(2, large)
        #expect(swarm.asked(2) == [4, 5, 6, 7])
        swarm.requests.removeAll { $0.peer == 1 && $0.piece == 0 }
        swarm.send(1, 0)
        #expect(swarm.asked(1) == [1, 2, 3, 8, 9])
        swarm.run(seconds: 1)
        #expect(swarm.completed == large)
    }

    @Test func `a size out of bounds is ignored`() {
        let swarm = Swarm(Self.identity(Self.metadata))
        for size in [0, -1, MetadataMessage.maximumSize + 1, .max, .min] {
            swarm.download.peerOffers(peer: 1, size: size, now: .zero)
        }
        swarm.collect()
        #expect(swarm.requests.isEmpty)
        #expect(swarm.download.progress.total == 0)
    }

    @Test func `a claim of the largest size allocates nothing`() {
        let swarm = Swarm(Self.identity(Self.metadata))
        for peer in 0..<1000 as Range<UInt32> {
            swarm.download.peerOffers(
                peer: peer, size: MetadataMessage.maximumSize - Int(peer), now: .zero)
        }
        swarm.collect()
        #expect(swarm.requests.count == 4000)
        #expect(swarm.download.progress.received == 0)
    }

    @Test func `a peer that claims another size does not disturb the others`() {
        let swarm = Swarm(Self.identity(Self.metadata))
        swarm.offer(1, Self.metadata)
        swarm.send(1, 0)
        swarm.offer(2, [UInt8](repeating: 0, count: 20_000))
        swarm.send(2, 0)
        swarm.send(2, 1)
        #expect(swarm.dropped == [2])
        #expect(swarm.download.progress.received == 16_384)
        swarm.run(seconds: 1)
        #expect(swarm.completed == Self.metadata)
    }

    @Test func `a peer whose data has another size than it claimed is dropped`() {
        let swarm = Swarm(Self.identity(Self.metadata))
        swarm.offer(1, Self.metadata)
        swarm.download.arrived(
            peer: 1, piece: 0, totalSize: 40_001, bytes: [UInt8](repeating: 0, count: 16_384),
            hashing: Self.hashing, now: .zero)
        swarm.collect()
        #expect(swarm.dropped == [1])
    }

    @Test func `a single liar is dropped at once`() {
        let swarm = Swarm(Self.identity(Self.metadata))
        swarm.offer(1, [UInt8](repeating: 0, count: 40_000))
        swarm.run(seconds: 1)
        #expect(swarm.dropped == [1])
        #expect(swarm.completed == nil)
        swarm.offer(2, Self.metadata)
        swarm.run(seconds: 1)
        #expect(swarm.completed == Self.metadata)
    }

    @Test func `a liar among honest peers of its size is found, and they are kept`() {
        for liar in 1...4 as ClosedRange<UInt32> {
            let swarm = Swarm(Self.identity(Self.metadata))
            for peer in 1...4 as ClosedRange<UInt32> {
                swarm.offer(
                    peer, peer == liar ? [UInt8](repeating: 0, count: 40_000) : Self.metadata)
            }
            // Every peer contributes something, whatever was asked of it.
            for piece in 0..<3 { swarm.send(liar, piece == 0 ? 0 : piece) }
            swarm.run(seconds: 120)
            #expect(swarm.completed == Self.metadata)
            #expect(swarm.dropped.allSatisfy { $0 == liar })
        }
    }

    @Test func `many liars of the right size only cost time`() {
        let swarm = Swarm(Self.identity(Self.metadata))
        for peer in 1...9 as ClosedRange<UInt32> {
            var bytes = Self.metadata
            bytes[Int(peer) * 4000] ^= 1
            swarm.offer(peer, bytes)
        }
        swarm.offer(10, Self.metadata)
        for (piece, peer) in [(0, 1), (1, 2), (2, 3)] as [(Int, UInt32)] { swarm.send(peer, piece) }
        swarm.run(seconds: 300)
        #expect(swarm.completed == Self.metadata)
        #expect(!swarm.dropped.contains(10))
    }

    @Test func `late pieces are asked of another peer after a second`() {
        let swarm = Swarm(Self.identity(Self.metadata))
        swarm.offer(1, Self.metadata)
        swarm.offer(2, Self.metadata)
        #expect(swarm.asked(2).isEmpty)
        #expect(swarm.download.nextDeadline == .zero + .seconds(1))
        swarm.run(seconds: 1.5, except: [1])
        #expect(swarm.completed == Self.metadata)
    }

    @Test func `a rejected piece goes to another peer at once`() {
        let swarm = Swarm(Self.identity(Self.metadata))
        swarm.offer(1, Self.metadata)
        swarm.offer(2, Self.metadata)
        swarm.download.rejected(peer: 1, piece: 1, now: .zero)
        swarm.collect()
        #expect(swarm.asked(2) == [1])
    }

    @Test func `a peer that rejected is asked again after three seconds, then six`() {
        let swarm = Swarm(Self.identity([1]))
        swarm.offer(1, [1])
        for (rest, after) in [(3.0, 3.0), (6.0, 9.0), (12.0, 21.0)] {
            #expect(swarm.asked(1) == [0])
            swarm.requests = []
            swarm.download.rejected(peer: 1, piece: 0, now: swarm.now)
            swarm.collect()
            #expect(swarm.requests.isEmpty)
            #expect(swarm.download.nextDeadline == swarm.now + .seconds(rest))
            swarm.now = .zero + .seconds(after)
            swarm.download.timerFired(now: swarm.now)
            swarm.collect()
        }
    }

    @Test func `a silent peer's pieces are given up after ten seconds and tried again`() {
        let swarm = Swarm(Self.identity(Self.metadata))
        swarm.offer(1, Self.metadata)
        swarm.run(seconds: 10, except: [1])
        #expect(swarm.completed == nil)
        swarm.requests = []
        swarm.run(seconds: 20)
        #expect(swarm.completed == Self.metadata)
    }

    @Test func `the pieces of a lost peer go to the others at once`() {
        let swarm = Swarm(Self.identity(Self.metadata))
        swarm.offer(1, Self.metadata)
        swarm.offer(2, Self.metadata)
        swarm.download.peerGone(1, now: .zero)
        swarm.collect()
        #expect(swarm.asked(2) == [0, 1, 2])
    }

    @Test func `what arrives from strangers or unasked does no harm`() {
        let swarm = Swarm(Self.identity(Self.metadata))
        swarm.served[9] = Self.metadata
        swarm.send(9, 0)
        swarm.download.rejected(peer: 9, piece: 0, now: .zero)
        swarm.download.peerGone(9, now: .zero)
        swarm.offer(1, Self.metadata)
        swarm.download.rejected(peer: 1, piece: 77, now: .zero)
        swarm.run(seconds: 1)
        #expect(swarm.completed == Self.metadata)
        swarm.send(1, 0)
        swarm.offer(3, Self.metadata)
        #expect(swarm.requests.isEmpty)
    }

    @Test func `a peer may change its size`() {
        let swarm = Swarm(Self.identity(Self.metadata))
        swarm.offer(1, [UInt8](repeating: 0, count: 100))
        swarm.requests = []
        swarm.offer(1, Self.metadata)
        swarm.run(seconds: 1)
        #expect(swarm.completed == Self.metadata)
    }

    @Test func `with an honest peer it always ends well, whatever the others do`() {
        for seed in 0..<200 as Range<UInt64> {
            var random = SeededRandom(seed: seed)
            let swarm = Swarm(Self.identity(Self.metadata))
            let count = UInt32.random(in: 1...6, using: &random)
            let honest = UInt32.random(in: 1...count, using: &random)
            for peer in 1...count {
                var bytes = Self.metadata
                if peer != honest {
                    switch Int.random(in: 0..<3, using: &random) {
                    case 0: bytes[Int.random(in: 0..<40_000, using: &random)] ^= 1
                    case 1: bytes.removeLast(Int.random(in: 1..<39_000, using: &random))
                    default: break
                    }
                }
                swarm.offer(peer, bytes)
            }
            for _ in 0..<3000 where swarm.completed == nil {
                swarm.now = swarm.now + .milliseconds(.random(in: 0...500, using: &random))
                if swarm.download.nextDeadline <= swarm.now {
                    swarm.download.timerFired(now: swarm.now)
                    swarm.collect()
                }
                guard !swarm.requests.isEmpty else { continue }
                let index = Int.random(in: 0..<swarm.requests.count, using: &random)
                let request = swarm.requests.remove(at: index)
                switch Int.random(in: 0..<10, using: &random) {
                case 0:
                    swarm.download.rejected(
                        peer: request.peer, piece: request.piece, now: swarm.now)
                    swarm.collect()
                case 1 where request.peer != honest: break
                case 2 where request.peer != honest:
                    swarm.download.peerGone(request.peer, now: swarm.now)
                    swarm.requests.removeAll { $0.peer == request.peer }
                    swarm.collect()
                default: swarm.send(request.peer, request.piece)
                }
            }
            #expect(swarm.completed == Self.metadata, "seed \(seed)")
            #expect(!swarm.dropped.contains(honest), "seed \(seed)")
        }
    }
}
