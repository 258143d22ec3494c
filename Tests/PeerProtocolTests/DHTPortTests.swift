import PeerProtocol
import Testing
import TorrentCore

@Suite("Telling where the DHT's node is (BEP 5)")
struct DHTPortTests {
    private static var configuration: PeerConfiguration {
        var configuration = Connection.configuration
        configuration.dhtPort = 7001
        return configuration
    }

    /// What the machine sends with its handshake, when the peer's is there.
    private static func greeting(
        _ reserved: ReservedBits, configuration: PeerConfiguration = configuration,
        isPrivate: Bool = false
    ) -> [UInt8] {
        let connection = Connection(configuration: configuration)
        _ = connection.receive(bytes: Connection.handshake(reserved).bytes)
        connection.machine.accept(
            identity: Connection.identity, geometry: Connection.geometry, have: nil,
            metadataSize: nil, isPrivate: isPrivate, now: .zero)
        return connection.machine.takeOutput()
    }

    private static let port: [UInt8] = [0, 0, 0, 3, 9, 0x1B, 0x59]

    private static func tellsPort(_ bytes: [UInt8]) -> Bool { bytes.suffix(7) == port[...] }

    @Test func `both say it where both have one`() {
        #expect(Self.tellsPort(Self.greeting([.fast, .extensionProtocol, .dht])))
        #expect(Self.tellsPort(Self.greeting([.dht])))
        #expect(!Self.tellsPort(Self.greeting([.fast, .extensionProtocol])))
        let without = Self.greeting([.dht], configuration: Connection.configuration)
        #expect(!Self.tellsPort(without))
        #expect(without[27] & 1 == 0)
        #expect(Self.greeting([.dht])[27] & 1 == 1)
    }

    @Test func `nothing is said about private torrents (BEP 27)`() {
        #expect(!Self.tellsPort(Self.greeting([.dht], isPrivate: true)))
    }

    @Test func `the peer's is told, where it makes sense`() {
        let node = Connection.open(reserved: [.dht], configuration: Self.configuration)
        #expect(node.receive(bytes: Self.port) == [.dhtPort(7001)])
        #expect(node.receive(bytes: [0, 0, 0, 3, 9, 0, 0]).isEmpty)
        let none = Connection.open(configuration: Self.configuration)
        #expect(none.receive(bytes: Self.port).isEmpty)
        let off = Connection.open(reserved: [.dht])
        #expect(off.receive(bytes: Self.port).isEmpty)
    }
}
