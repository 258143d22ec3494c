import Reactor
import Testing
import TorrentCore

@Suite("Sockets")
struct SocketTests {
    private static func loopback(_ isV6: Bool) -> IPAddress { isV6 ? .v6(0, 1) : .loopbackV4 }

    /// Tries a non-blocking call until it gives something; bounded by a deadline.
    private func eventually<Result>(_ body: () throws -> Result?) throws -> Result {
        let deadline = Timestamp.now() + .seconds(120)
        while Timestamp.now() < deadline { if let result = try body() { return result } }
        throw SystemError(110, "wait for the socket")
    }

    @Test(arguments: [false, true])
    func `bytes written on one side are read on the other into both places`(isV6: Bool) throws {
        let listener = try Listener(Endpoint(address: Self.loopback(isV6), port: 0))
        #expect(listener.endpoint.port != 0)
        let client = try StreamSocket(connectingTo: listener.endpoint)
        let (server, remote) = try eventually { listener.accept() }
        #expect(remote.address == Self.loopback(isV6))
        let message = Array("hello, peer".utf8)
        let sent = try eventually {
            let result = message.withUnsafeBytes { client.write([$0]) }
            return result == .wouldBlock ? nil : result
        }
        #expect(sent == .bytes(message.count))
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 32, alignment: 1)
        defer { buffer.deallocate() }
        let first = UnsafeMutableRawBufferPointer(rebasing: buffer[..<5])
        let second = UnsafeMutableRawBufferPointer(rebasing: buffer[5...])
        let received = try eventually {
            let result = server.read(into: first, second)
            return result == .wouldBlock ? nil : result
        }
        #expect(received == .bytes(message.count))
        #expect(Array(buffer[..<message.count]) == message)
    }

    @Test func `two listeners cannot have one port, and the error says so`() throws {
        let listener = try Listener(Endpoint(address: .loopbackV4, port: 0))
        let error = #expect(throws: SystemError.self) { try Listener(listener.endpoint) }
        #expect(error?.isAddressInUse == true)
    }

    @Test func `a datagram tells its sender`() throws {
        let a = try DatagramSocket(Endpoint(address: .loopbackV4, port: 0))
        let listener = try Listener(Endpoint(address: .loopbackV4, port: 0))
        let b = try DatagramSocket(listener.endpoint)
        #expect(a.send([1, 2, 3], to: listener.endpoint))
        let (bytes, sender) = try eventually { b.receive() }
        #expect(bytes == [1, 2, 3])
        #expect(sender.address == .loopbackV4)
    }

    @Test func `names and numbers are resolved, nonsense is not`() throws {
        let resolver = try Resolver()
        let results = Condition<[String: [Endpoint]]>([:])
        for host in ["127.0.0.1", "localhost", "no.such.host.invalid"] {
            resolver.resolve(host, port: 7) { endpoints in results.update { $0[host] = endpoints } }
        }
        let all = results.wait(until: .now() + .seconds(120)) { $0.count == 3 ? $0 : nil }
        resolver.stop()
        let found = try #require(all)
        #expect(found["127.0.0.1"] == [Endpoint(address: .loopbackV4, port: 7)])
        #expect(found["localhost"]?.allSatisfy(\.address.isLoopback) == true)
        #expect(found["no.such.host.invalid"] == [])
    }
}
