import PeerProtocol
import Swarm
import TorrentCore

extension Simulation {
    func isAdversary(_ number: Int) -> Bool { nodes[number].configuration.behaviour != .honest }

    /// Carries out what a node's machines want, until they want nothing more.
    func settle(_ number: Int) {
        while true {
            let actions = nodes[number].torrent.takeActions()
            for action in actions { execute(action, number) }
            var isQuiet = actions.isEmpty
            for link in nodes[number].connections.keys.sorted() {
                guard let output = nodes[number].connections[link]?.machine.takeOutput(),
                    !output.isEmpty
                else { continue }
                isQuiet = false
                send(output, from: number, link: link)
            }
            // A request that was made while choked is rejected by our own side.
            for link in nodes[number].connections.keys.sorted() {
                while let action = nodes[number].connections[link]?.machine.nextAction() {
                    isQuiet = false
                    guard case .rejected(let request) = action,
                        let key = nodes[number].connections[link]?.key
                    else { continue }
                    nodes[number].connections[link]?.requested.remove(request)
                    nodes[number].torrent.requestRejected(key, request, now: now)
                }
            }
            if isQuiet { break }
        }
        scheduleUpload(number)
        if let deadline = nodes[number].torrent.nextDeadline,
            nodes[number].timerAt.map({ deadline < $0 || $0 <= now }) ?? true
        {
            nodes[number].timerAt = max(deadline, now + .milliseconds(1))
            schedule(.timer(node: number), at: max(deadline, now + .milliseconds(1)))
        }
    }

    func timerFired(_ number: Int) {
        guard let at = nodes[number].timerAt, at <= now else { return }
        nodes[number].timerAt = nil
        nodes[number].torrent.timerFired(now: now)
        for link in nodes[number].connections.keys.sorted() {
            nodes[number].connections[link]?.machine.timerFired(now: now)
        }
        settle(number)
    }

    private func execute(_ action: SwarmAction, _ number: Int) {
        switch action {
        case .request(let key, let request):
            guard let link = nodes[number].links[key] else { return }
            nodes[number].report.requests += 1
            if !nodes[number].wants(request.piece) {
                violations.append("node \(number) requests \(request), which nobody wants")
            }
            if nodes[number].connections[link]?.requested.insert(request).inserted == false {
                violations.append("node \(number) requests \(request) twice of one peer")
            }
            nodes[number].connections[link]?.machine.request(request)
        case .cancel(let key, let request):
            guard let link = nodes[number].links[key] else { return }
            nodes[number].connections[link]?.requested.remove(request)
            nodes[number].connections[link]?.machine.cancel(request)
        case .setInterested(let key, let isInterested):
            guard let link = nodes[number].links[key] else { return }
            nodes[number].connections[link]?.machine.setInterested(isInterested)
        case .choke(let key):
            guard !isAdversary(number), let link = nodes[number].links[key] else { return }
            nodes[number].connections[link]?.machine.choke()
            _ = nodes[number].connections[link]?.uploads.removeAll()
        case .unchoke(let key):
            guard !isAdversary(number), let link = nodes[number].links[key] else { return }
            nodes[number].connections[link]?.machine.unchoke()
        case .announceHave(let piece):
            for link in nodes[number].connections.keys.sorted() {
                nodes[number].connections[link]?.machine.have(piece)
            }
        case .announceFetch(let piece):
            for link in nodes[number].connections.keys.sorted() {
                nodes[number].connections[link]?.machine.fetching(piece)
            }
        case .announceLost(let piece):
            for link in nodes[number].connections.keys.sorted() {
                nodes[number].connections[link]?.machine.dontHave(piece)
            }
        case .fetch(let lane, let run): fetch(lane, run, number)
        case .abandonFetch(let lane): abandonFetch(lane, number)
        case .webSeedCorrupt(_, let piece):
            violations.append("node \(number) takes the server's piece \(piece) for corrupt")
        // The simulated torrent is v1.
        case .requestHashes, .verifyBlock: break
        case .openPiece(let piece): open(piece, number)
        case .dropPiece(let piece):
            if nodes[number].buffers.removeValue(forKey: piece) == nil {
                violations.append("node \(number) drops piece \(piece), which is not open")
            }
        case .verify(let piece, let wantsBlockDigests):
            guard let bytes = nodes[number].buffers.removeValue(forKey: piece) else {
                violations.append("node \(number) verifies piece \(piece), which is not open")
                return
            }
            // A gigabyte a second, and a tenth of a millisecond of queue.
            schedule(
                .hashed(
                    node: number, piece: piece, bytes: bytes, wantsDigests: wantsBlockDigests),
                after: Interval(nanoseconds: Int64(bytes.count) + 100_000))
        case .discardIncoming(let key, let request):
            guard let link = nodes[number].links[key],
                case .block(request, _) = nodes[number].connections[link]?.machine.receiveTarget
            else { return }
            nodes[number].connections[link]?.sink = .discard
        case .disconnect(let key, _):
            if let link = nodes[number].links[key] { close(link, by: number) }
        case .ban(let key, _):
            guard let link = nodes[number].links[key],
                let remote = nodes[number].connections[link]?.remote
            else { return }
            ban(remote, by: number)
            close(link, by: number)
        case .banEndpoint(let endpoint, _):
            if let remote = Self.node(at: endpoint) { ban(remote, by: number) }
        }
    }

    private func ban(_ remote: Int, by number: Int) {
        nodes[number].report.banned.append(remote)
        nodes[number].list.ban(Self.endpoint(remote))
    }

    private func open(_ piece: PieceIndex, _ number: Int) {
        if nodes[number].buffers[piece] != nil || nodes[number].store[piece] != nil {
            violations.append("node \(number) opens piece \(piece) twice")
        }
        // Neither zero nor the source's bytes, so that a block that never came is seen.
        nodes[number].buffers[piece] = Array(
            repeating: 0xEE, count: content.geometry.length(of: piece))
        let bytes = nodes[number].buffers.values.reduce(0) { $0 + $1.count }
        if bytes > nodes[number].configuration.swarm.bufferBytes, nodes[number].buffers.count > 1 {
            violations.append("node \(number) has \(bytes) bytes of pieces open")
        }
    }

    func requested(_ number: Int, _ link: Int, _ request: BlockRequest) {
        if case .lying(let rejects) = nodes[number].configuration.behaviour {
            if rejects { nodes[number].connections[link]?.machine.reject(request) }
            return
        }
        guard hasPiece(number, request.piece) else {
            nodes[number].connections[link]?.machine.reject(request)
            return
        }
        if nodes[number].connections[link]?.uploads.add(request) == .full {
            nodes[number].connections[link]?.machine.reject(request)
        }
    }

    private func hasPiece(_ number: Int, _ piece: PieceIndex) -> Bool {
        nodes[number].configuration.isSeed || nodes[number].store[piece] != nil
    }

    private func scheduleUpload(_ number: Int) {
        guard !nodes[number].isUploadScheduled,
            nodes[number].connections.values.contains(where: { !$0.uploads.isEmpty })
        else { return }
        nodes[number].isUploadScheduled = true
        schedule(.upload(node: number), at: nodes[number].uplinkFreeAt)
    }

    /// Sends one block, of whichever connection's turn it is.
    func uploadNext(_ number: Int) {
        if case .stalling(let limit) = nodes[number].configuration.behaviour,
            nodes[number].blocksSent >= limit
        {
            return
        }
        let waiting = nodes[number].connections.values.filter { !$0.uploads.isEmpty }
            .map(\.link).sorted()
        guard !waiting.isEmpty else { return }
        let link = nextLink(number, among: waiting)
        nodes[number].nextUpload = link
        guard let request = nodes[number].connections[link]?.uploads.next() else { return }
        if nodes[number].connections[link]?.machine.pieceHeader(request) == true {
            var bytes = nodes[number].connections[link]?.machine.takeOutput() ?? []
            var payload = Array(content.bytes(of: request))
            if case .corrupting(let share) = nodes[number].configuration.behaviour,
                Double.random(in: 0..<1, using: &nodes[number].random) < share
            {
                let index = Int.random(in: payload.indices, using: &nodes[number].random)
                payload[index] ^= 1 << UInt8.random(in: 0..<8, using: &nodes[number].random)
            }
            bytes += payload
            nodes[number].blocksSent += 1
            nodes[number].sentOfPiece[request.piece, default: 0] += 1
            if let key = nodes[number].connections[link]?.key {
                nodes[number].torrent.blockSent(key, bytes: payload.count, now: now)
            }
            send(bytes, from: number, link: link)
        }
        scheduleUpload(number)
        settle(number)
    }

    /// Whose turn it is to be sent a block.
    private func nextLink(_ number: Int, among waiting: [Int]) -> Int {
        let unevenness = nodes[number].configuration.unevenness
        guard unevenness > 0 else {
            return waiting.first { $0 > nodes[number].nextUpload } ?? waiting[0]
        }
        if nodes[number].sharesDrawnAt.map({ now - $0 > .seconds(2) }) ?? true {
            nodes[number].sharesDrawnAt = now
            for link in nodes[number].connections.keys.sorted() {
                let power = Double.random(in: -unevenness...unevenness, using: &random)
                nodes[number].connections[link]?.share = exp(power)
                nodes[number].connections[link]?.served = 0
            }
        }
        var best = (link: waiting[0], served: Double.infinity)
        for link in waiting {
            guard let connection = nodes[number].connections[link] else { continue }
            let served = (connection.served + 1) / connection.share
            if served < best.served { best = (link, served) }
        }
        nodes[number].connections[best.link]?.served += 1
        return best.link
    }

    /// e to a power, of which there is none without a C library.
    private func exp(_ power: Double) -> Double {
        let root = 1 + power / 1024
        return (0..<10).reduce(root) { value, _ in value * value }
    }

    func flap(_ number: Int, isChoking: Bool) {
        guard case .flapping(let period) = nodes[number].configuration.behaviour else { return }
        for link in nodes[number].connections.keys.sorted() {
            if isChoking {
                nodes[number].connections[link]?.machine.choke()
                _ = nodes[number].connections[link]?.uploads.removeAll()
            } else {
                nodes[number].connections[link]?.machine.unchoke()
            }
        }
        settle(number)
        let tenth = Interval(nanoseconds: period.nanoseconds / 10)
        schedule(
            .flap(node: number, isChoking: !isChoking), after: isChoking ? tenth : period - tenth)
    }
}
