import DHTProtocol
import Testing
import TorrentCore
import TorrentCrypto

/// A node under test, and what it has done.
final class TestNode {
    var machine: DHTStateMachine
    var now = Timestamp.zero
    /// Datagrams sent and not looked at yet.
    var sent: [(message: KRPCMessage, length: Int, to: Endpoint)] = []
    /// Contacts that answer whatever they are asked.
    private var met: [Endpoint: NodeContact] = [:]
    /// Everything else it has told.
    var told: [DHTAction] = []

    init(
        participation: DHTConfiguration.Participation = .serving,
        families: Set<AddressFamily> = [.v4], saved: DHTSavedState = DHTSavedState(),
        change: (inout DHTConfiguration) -> Void = { _ in }
    ) {
        var configuration = DHTConfiguration()
        configuration.participation = participation
        configuration.families = families
        change(&configuration)
        machine = DHTStateMachine(
            configuration: configuration, saved: saved, secret: [UInt8](repeating: 9, count: 16),
            hashing: OpenSSLHashing(), verifier: Ed25519(), now: now)
    }

    func command(_ body: (inout DHTStateMachine, Timestamp) throws -> Void) rethrows {
        try body(&machine, now)
        collect()
    }

    func receive(_ message: KRPCMessage, from source: Endpoint) {
        machine.received(message.encoded.span, from: source, now: now)
        collect()
    }

    func receive(_ bytes: [UInt8], from source: Endpoint) {
        machine.received(bytes.span, from: source, now: now)
        collect()
    }

    /// Lets time pass, with every deadline kept. Contacts that it has met answer.
    func pass(_ interval: Interval) {
        let end = now + interval
        answerMet()
        while let due = machine.nextDeadline, due <= end {
            now = max(now, due)
            machine.timerFired(now: now)
            collect()
            answerMet()
        }
        now = end
    }

    private func answerMet() {
        while let index = sent.firstIndex(where: { met[$0.to] != nil && $0.message.isQuery }) {
            let question = sent.remove(at: index)
            guard let contact = met[question.to] else { return }
            receive(
                KRPCMessage(
                    transaction: question.message.transaction,
                    body: .response(DHTResponse(), sender: contact.id)),
                from: contact.endpoint)
        }
    }

    func takeSent() -> [(message: KRPCMessage, length: Int, to: Endpoint)] {
        defer { sent = [] }
        return sent
    }

    private func collect() {
        for action in machine.takeActions() {
            if case .send(let datagram, let destination) = action {
                guard let message = try? KRPCMessage(decoding: datagram) else {
                    Issue.record("sent what it cannot read itself")
                    continue
                }
                sent.append((message, datagram.count, destination))
            } else {
                told.append(action)
            }
        }
    }

    /// Asks the node something; returns its answer, other datagrams left out.
    func ask(
        _ query: DHTQuery, id: NodeID = .sample(1), from source: Endpoint, isReadOnly: Bool = true
    ) -> KRPCMessage? {
        sent = []
        receive(
            KRPCMessage(
                transaction: [7, 7], body: .query(query, sender: id), isReadOnly: isReadOnly),
            from: source)
        return takeSent().first { $0.message.transaction == [7, 7] && $0.to == source }?.message
    }

    /// The same, for what is answered with a response.
    func response(
        to query: DHTQuery, id: NodeID = .sample(1), from source: Endpoint
    ) -> DHTResponse? {
        guard case .response(let response, _)? = ask(query, id: id, from: source)?.body else {
            return nil
        }
        return response
    }

    /// The same, for what is refused.
    func error(
        to query: DHTQuery, id: NodeID = .sample(1), from source: Endpoint
    ) -> KRPCError? {
        guard case .error(let error)? = ask(query, id: id, from: source)?.body else { return nil }
        return error
    }

    /// Makes a contact known: it answers whatever the node asks it.
    func meet(_ contact: NodeContact, externalEndpoint: Endpoint? = nil) {
        met[contact.endpoint] = contact
        command { $0.addNode(contact.endpoint, now: $1) }
        answerAll(at: contact, externalEndpoint: externalEndpoint)
    }

    /// A contact answers what it has been asked.
    func answerAll(at contact: NodeContact, externalEndpoint: Endpoint? = nil) {
        for (message, _, destination) in takeSent() where destination == contact.endpoint {
            receive(
                KRPCMessage(
                    transaction: message.transaction,
                    body: .response(DHTResponse(), sender: contact.id),
                    externalEndpoint: externalEndpoint),
                from: contact.endpoint)
        }
    }
}

extension NodeID {
    static func sample(_ seed: UInt64) -> NodeID {
        var random = SeededRandom(seed: seed)
        return NodeID(random: &random)
    }
}

extension NodeContact {
    /// A node somewhere on the internet, whose ID follows from its address.
    static func sample(_ number: UInt32) -> NodeContact {
        let address = IPAddress.v4(0x5000_0000 + number << 12 + 1)
        var random = SeededRandom(seed: UInt64(number))
        return NodeContact(
            id: NodeID(address: address, random: &random),
            endpoint: Endpoint(address: address, port: 6881))
    }
}

extension Endpoint {
    static func sample(_ number: UInt32) -> Endpoint { NodeContact.sample(number).endpoint }
}

extension KRPCMessage {
    var isQuery: Bool {
        if case .query = body { true } else { false }
    }
}
