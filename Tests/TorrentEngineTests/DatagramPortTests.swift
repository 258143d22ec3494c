import Reactor
import Testing
import TorrentCore

@testable import TorrentEngine

/// Keeps what it receives, for threads to wait for.
private final class Recorder: DatagramReceiver, Sendable {
    let datagrams = Condition<[[UInt8]]>([])

    func received(_ datagram: Span<UInt8>, from sender: Endpoint, now: Timestamp) {
        let bytes = [UInt8](copying: datagram)
        datagrams.update { $0.append(bytes) }
    }

    func finishedReceiving(now: Timestamp) {}
    func canSend(now: Timestamp) {}

    /// The first `count` datagrams; nil where they do not come.
    func first(_ count: Int) async throws -> [[UInt8]]? {
        try await blocking {
            self.datagrams.wait(until: .later) { $0.count >= count ? $0 : nil }
        }
    }
}

extension Shard {
    fileprivate func record(dht: Recorder, utp: Recorder) {
        context.datagrams?.dht = dht
        context.datagrams?.utp = utp
    }

    fileprivate func send(_ datagram: [UInt8], to endpoint: Endpoint) {
        context.datagrams?.send(datagram, to: endpoint)
        context.loop.wake()
    }
}

@Suite("One UDP port serves DHT and uTP", .serialized, .timeLimit(.minutes(5)))
struct DatagramPortTests {
    @Test func `it has the number of the TCP port`() async throws {
        let swarmlet = try Swarmlet(sizes: ["a": 1])
        let session = try await swarmlet.session()
        let endpoint = Endpoint(address: .loopbackV4, port: session.listenPort)
        let error = #expect(throws: SystemError.self) { try DatagramSocket(endpoint) }
        #expect(error?.isAddressInUse == true)
        await swarmlet.end()
    }

    @Test func `where it is taken both choose another, unless the user chose it`() async throws {
        let swarmlet = try Swarmlet(sizes: ["a": 1])
        let other = try DatagramSocket(Endpoint(address: .loopbackV4, port: 0))
        let listen = [ListenAddress(address: .loopbackV4, port: other.endpoint.port)]
        let session = try await swarmlet.session { $0.listen = listen }
        #expect(session.listenPort != 0)
        #expect(session.listenPort != other.endpoint.port)
        let error = await #expect(throws: SessionError.self) {
            try await swarmlet.session {
                $0.listen = listen
                $0.mayChooseOtherPort = false
            }
        }
        #expect(error?.description.contains("choose another port with --listen") == true)
        await swarmlet.end()
    }

    @Test func `datagrams go by their first byte, and others nowhere`() async throws {
        let swarmlet = try Swarmlet(sizes: ["a": 1])
        let session = try await swarmlet.session()
        let (dht, utp) = (Recorder(), Recorder())
        await session.shard.record(dht: dht, utp: utp)
        let sender = try DatagramSocket(Endpoint(address: .loopbackV4, port: 0))
        let port = Endpoint(address: .loopbackV4, port: session.listenPort)
        let datagrams: [[UInt8]] = [
            [], [0], [0xFF, 1], Array("de".utf8), [0x41, 9], Array("i1e".utf8), [0x01], [0x64],
        ]
        for datagram in datagrams { #expect(sender.send(datagram, to: port)) }
        #expect(try await dht.first(2) == [Array("de".utf8), [0x64]])
        #expect(try await utp.first(2) == [[0x41, 9], [0x01]])
        await swarmlet.end()
    }

    @Test func `what is sent leaves from the port that peers are told`() async throws {
        let swarmlet = try Swarmlet(sizes: ["a": 1])
        let session = try await swarmlet.session()
        let receiver = try DatagramSocket(Endpoint(address: .loopbackV4, port: 0))
        let endpoint = receiver.endpoint
        for number in 0..<100 as Range<UInt8> {
            await session.shard.send([number], to: endpoint)
        }
        let batch = DatagramBatch()
        var numbers: [UInt8] = []
        let deadline = Timestamp.later
        while numbers.count < 100, .now() < deadline {
            batch.receive(from: receiver)
            for index in 0..<batch.count {
                numbers.append(contentsOf: batch.bytes(index))
                #expect(batch.sender(index)?.port == session.listenPort)
            }
            await Task.yield()
        }
        #expect(numbers == Array(0..<100))
        await swarmlet.end()
    }
}
