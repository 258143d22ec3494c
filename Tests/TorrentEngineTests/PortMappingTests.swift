import Reactor
import Testing
import TorrentCore
import TorrentEngine

@Suite("Routers forward the port (NAT-PMP, UPnP)", .serialized, .timeLimit(.minutes(10)))
struct PortMappingTests {
    private func session(
        _ swarmlet: Swarmlet, natPMP: IPAddress? = nil, upnp: String? = nil
    ) async throws -> Session {
        try await swarmlet.session {
            $0.portMapping = .gateways(natPMP: natPMP, upnpDescription: upnp)
        }
    }

    @Test func `NAT-PMP maps both protocols for an hour, and deletes them at the end`() async throws
    {
        let swarmlet = try Swarmlet(sizes: ["small": 10])
        let gateway = try NATPMPTestGateway()
        let session = try await session(swarmlet, natPMP: gateway.address)
        let port = session.listenPort
        #expect(
            try await gateway.received(2) == [
                .init(isTCP: true, port: port, seconds: 3600),
                .init(isTCP: false, port: port, seconds: 3600),
            ])
        await session.stop()
        #expect(
            try await gateway.received(4).suffix(2) == [
                .init(isTCP: true, port: port, seconds: 0),
                .init(isTCP: false, port: port, seconds: 0),
            ])
        await swarmlet.end()
    }

    @Test func `peers and trackers are told the port of the outside`() async throws {
        let swarmlet = try Swarmlet(sizes: ["small": 10])
        let gateway = try NATPMPTestGateway(offset: 7)
        let session = try await session(swarmlet, natPMP: gateway.address)
        _ = try await gateway.received(2)
        let deadline = Timestamp.later
        while await session.advertisedPort == session.listenPort, Timestamp.now() < deadline {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(await session.advertisedPort == session.listenPort + 7)
        await swarmlet.end()
    }

    /// A router's description of itself, as short as it can be.
    private static let description = """
        <?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device>
        <deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
        <deviceList><device>
        <deviceType>urn:schemas-upnp-org:device:WANDevice:1</deviceType>
        <deviceList><device>
        <deviceType>urn:schemas-upnp-org:device:WANConnectionDevice:1</deviceType>
        <serviceList><service>
        <serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType>
        <serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId>
        <controlURL>/control</controlURL><eventSubURL>/event</eventSubURL>
        <SCPDURL>/scpd.xml</SCPDURL></service></serviceList>
        </device></deviceList></device></deviceList></device></root>
        """

    @Test func `UPnP maps both protocols, and deletes them at the end`() async throws {
        let swarmlet = try Swarmlet(sizes: ["small": 10])
        let actions = Condition<[String]>([])
        let router = try HTTPTestServer { exchange in
            if exchange.path == "/root.xml" {
                exchange.answer(Array(Self.description.utf8))
            } else {
                let line = exchange.head.split(separator: "\r\n").first {
                    $0.lowercased().hasPrefix("soapaction:")
                }
                let name = line?.split(separator: "#").last.map { $0.filter(\.isLetter) } ?? ""
                actions.update { $0.append(name) }
                exchange.answer(
                    Array("<s:Envelope><s:Body><u:\(name)Response/></s:Body></s:Envelope>".utf8))
            }
            exchange.waitUntilClosed()
        }
        let session = try await session(
            swarmlet, upnp: "http://127.0.0.1:\(router.port)/root.xml")
        let wait = { @Sendable (count: Int) in
            try await blocking {
                actions.wait(until: .later) { $0.count >= count ? $0 : nil } ?? []
            }
        }
        #expect(try await wait(2) == ["AddPortMapping", "AddPortMapping"])
        await session.stop()
        #expect(try await wait(4).suffix(2) == ["DeletePortMapping", "DeletePortMapping"])
        await swarmlet.end()
    }

    @Test func `a session on loopback alone asks nobody`() async throws {
        let swarmlet = try Swarmlet(sizes: ["small": 10])
        let session = try await swarmlet.session { $0.portMapping = .automatic }
        #expect(!session.mapsPort)
        await swarmlet.end()
    }
}
