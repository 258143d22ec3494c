import DHTProtocol
import TorrentCore

/// What hostile nodes do.
extension DHTSimulation {
    /// Datagrams a second of one that floods: more than an address may send.
    private static let floodRate = 16

    /// Gets a hostile node known: it pings some of the others.
    func introduce(_ node: Int) {
        for _ in 0..<20 { ping(from: node, to: Int.random(in: 0..<nodes.count, using: &random)) }
    }

    func doMischief(_ node: Int) {
        guard case .hostile(let hostility, _) = nodes[node].role else { return }
        let someone = Int.random(in: 0..<nodes.count, using: &random)
        switch hostility {
        case .inventing, .eclipsing:
            if Int.random(in: 0..<4, using: &random) == 0 { ping(from: node, to: someone) }
        case .babbling:
            ping(from: node, to: someone)
            send(noise(), from: nodes[node].endpoint, to: nodes[someone].endpoint)
        case .flooding:
            for _ in 0..<Self.floodRate / 2 { ping(from: node, to: someone) }
        }
    }

    func answer(
        _ node: Int, _ hostility: DHTHostility, _ id: NodeID, _ datagram: [UInt8],
        to source: Endpoint
    ) {
        guard let message = try? KRPCMessage(decoding: datagram),
            case .query(let query, _) = message.body
        else { return }
        var response = DHTResponse()
        switch query {
        case .findNode(let target, _), .get(let target, _, _):
            response.nodes = named(by: hostility, near: target)
        case .getPeers(let torrent, _, _, _):
            response.nodes = named(by: hostility, near: NodeID(torrent))
            response.token = [1, 2, 3, 4]
        case .ping, .announcePeer, .put, .sampleInfohashes:
            break
        }
        var answer = KRPCMessage(
            transaction: message.transaction, body: .response(response, sender: id)
        ).encoded
        if hostility == .babbling, query != .ping {
            for _ in 0..<3 {
                answer[Int.random(in: 0..<answer.count, using: &random)] =
                    UInt8.random(in: 0...255, using: &random)
            }
        }
        send(answer, from: nodes[node].endpoint, to: source)
    }

    private func named(by hostility: DHTHostility, near target: NodeID) -> [NodeContact] {
        guard hostility == .eclipsing else {
            return (0..<8).map { _ in
                NodeContact(
                    id: target.neighbour(sharing: 60, random: &random),
                    endpoint: Self.endpoint(random: &random))
            }
        }
        return nodes.shuffled(using: &random).lazy.compactMap { node -> NodeContact? in
            guard case .hostile(.eclipsing, let id) = node.role else { return nil }
            return NodeContact(id: id, endpoint: node.endpoint)
        }.prefix(8).map { $0 }
    }

    private func ping(from node: Int, to other: Int) {
        guard case .hostile(_, let id) = nodes[node].role else { return }
        let ping = KRPCMessage(
            transaction: [UInt8.random(in: 0...255, using: &random), 0],
            body: .query(.ping, sender: id))
        send(ping.encoded, from: nodes[node].endpoint, to: nodes[other].endpoint)
    }

    private func noise() -> [UInt8] {
        (0..<Int.random(in: 1...200, using: &random)).map { index in
            index == 0 ? UInt8(ascii: "d") : UInt8.random(in: 0...255, using: &random)
        }
    }
}
