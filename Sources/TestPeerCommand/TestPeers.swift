import Glibc
import Metainfo
import Reactor
import Synchronization
import TestPeer
import TorrentCore

/// All the peers of the process, on one event loop.
actor TestPeers: EventLoopDriver {
    private nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    /// Set from other threads, with a wake-up of the loop.
    nonisolated let wantsFigures = Atomic(false)
    nonisolated let shouldEnd = Atomic(false)

    private static let readLength = 64 * 1024

    private let info: InfoDictionary
    private let hashes: SeededHashes
    private let data: SeededData
    private let behaviours: [TestPeerBehaviour]
    private var listeners: [Listener?]
    private var sockets: [UInt64: PeerSocket] = [:]
    private var counters: [TestPeerCounters]
    private var nextToken: UInt64
    /// By block of 16 KiB, whether some peer has sent it.
    private var sent: [PieceIndex: Set<Int32>] = [:]
    private var scratch = WriteScratch()
    /// Lasts as long as the process.
    private let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: readLength, alignment: 16)
    private var random = SeededRandom(seed: UInt64(getpid()))

    init(
        _ metainfo: TorrentMetainfo, data: SeededData, behaviours: [TestPeerBehaviour],
        loop: EventLoop
    ) {
        self.loop = loop
        info = metainfo.info
        hashes = SeededHashes(metainfo, data: data)
        self.data = data
        self.behaviours = behaviours
        listeners = []
        counters = Array(repeating: TestPeerCounters(), count: behaviours.count)
        nextToken = UInt64(behaviours.count)
    }

    func turn(_ events: [ReadyEvent], now: Timestamp) -> Timestamp? {
        if listeners.isEmpty { listen() }
        for event in events {
            if event.token < UInt64(behaviours.count) {
                accept(Int(event.token), now: now)
            } else if let socket = sockets[event.token] {
                if event.isWritable { socket.unblock() }
                if event.isReadable { socket.read(buffer, now: now) }
            }
        }
        var deadline: Timestamp?
        for socket in sockets.values {
            serve(socket, now: now)
            guard let due = socket.nextDeadline else { continue }
            deadline = deadline.map { min($0, due) } ?? due
        }
        if wantsFigures.exchange(false, ordering: .acquiringAndReleasing) { printFigures() }
        if shouldEnd.load(ordering: .acquiring) {
            printFigures()
            exit(0)
        }
        return deadline
    }

    // MARK: - Connections

    private func listen() {
        do throws(SystemError) {
            for index in behaviours.indices {
                let listener = try Listener(Endpoint(address: .loopbackV4, port: 0))
                try loop.add(listener.descriptor, token: UInt64(index), interest: .read)
                listeners.append(listener)
            }
        } catch {
            Report.fail(error.description, code: 1)
        }
        Report.printListening(listeners.compactMap { $0?.endpoint.port })
    }

    private func accept(_ peer: Int, now: Timestamp) {
        while let (socket, _) = listeners[peer]?.accept() {
            let token = nextToken
            nextToken += 1
            guard (try? loop.add(socket.descriptor, token: token, interest: .read)) != nil else {
                continue
            }
            let machine = TestPeerMachine(
                info, peerID: PeerID(random: &random), behaviour: behaviours[peer], now: now,
                hashes: { [hashes] in hashes.answer($0) })
            sockets[token] = PeerSocket(token: token, peer: peer, socket: socket, machine: machine)
        }
    }

    private func serve(_ socket: PeerSocket, now: Timestamp) {
        socket.write(data, scratch: &scratch, now: now) { request in
            sent[request.piece, default: []].insert(request.begin).inserted
        }
        if socket.isClosed {
            if socket.machine.isDead { die(socket.peer) }
            close(socket)
        } else if socket.isBlocked != socket.watchesWrites {
            socket.watchesWrites = socket.isBlocked
            let interest: EventInterest = socket.isBlocked ? [.read, .write] : .read
            try? loop.modify(socket.socket.descriptor, token: socket.token, interest: interest)
        }
    }

    private func close(_ socket: PeerSocket) {
        loop.remove(socket.socket.descriptor)
        sockets[socket.token] = nil
        counters[socket.peer] += socket.machine.counters
    }

    /// Listens no more, and closes what else the peer has.
    private func die(_ peer: Int) {
        guard let listener = listeners[peer] else { return }
        loop.remove(listener.descriptor)
        listeners[peer] = nil
        for socket in sockets.values where socket.peer == peer && !socket.isClosed { close(socket) }
    }

    private func printFigures() {
        var figures = counters
        for socket in sockets.values { figures[socket.peer] += socket.machine.counters }
        Report.printFigures(figures)
    }
}
