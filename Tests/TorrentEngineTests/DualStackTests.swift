import PeerProtocol
import Reactor
import Testing
import TorrentCore
import TorrentEngine

@Suite(
    "A tracker is told over IPv4 and IPv6, and its peers of both are used (BEP 7)", .serialized,
    .timeLimit(.minutes(10)))
struct DualStackTests {
    /// What a tracker has heard over one family.
    private struct Heard: Sendable {
        private var announces: [String] = []

        /// A request for this path; a scrape is none.
        mutating func add(_ path: String) {
            if path.hasPrefix("/announce") { announces.append(path) }
        }

        func values(of field: String) -> [Substring] {
            announces.map { path in
                path.split(separator: "&").first { $0.hasPrefix(field + "=") } ?? ""
            }
        }
    }

    /// A seed of every second piece.
    private static func half(
        _ seed: ScriptedSeed, odd: Bool, isV6: Bool
    ) throws -> ScriptedPeer {
        try ScriptedPeer(isV6: isV6) { wire, _ in
            try wire.readHandshake()
            try wire.sendHandshake(
                seed.hash, id: odd ? "-XX0001-odd000000000" : "-XX0001-even00000000")
            var pieces = Bitfield(count: seed.pieceCount)
            for piece in 0..<seed.pieceCount where (piece % 2 == 1) == odd {
                pieces[PieceIndex(Int32(piece))] = true
            }
            try wire.send(.bitfield(pieces.wireBytes))
            try seed.serve(wire)
        }
    }

    private static func answer(_ key: String, _ address: [UInt8], _ port: UInt16) -> [UInt8] {
        let peer = address + [UInt8(port >> 8), UInt8(port & 255)]
        return Array("d8:intervali1800e\(key.utf8.count):\(key)\(peer.count):".utf8) + peer + [0x65]
    }

    @Test func `one announce goes over each, and each brings peers`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 200_000])
        let seed = ScriptedSeed(swarmlet)
        let even = try Self.half(seed, odd: false, isV6: false)
        let odd = try Self.half(seed, odd: true, isV6: true)
        let (v4, v6) = (Condition(Heard()), Condition(Heard()))
        let tracker = try HTTPTestServer { exchange in
            v4.update { $0.add(exchange.path) }
            exchange.answer(Self.answer("peers", [127, 0, 0, 1], even.port))
        }
        let tracker6 = try HTTPTestServer(port: tracker.port, isV6: true) { exchange in
            v6.update { $0.add(exchange.path) }
            let address = [UInt8](repeating: 0, count: 15) + [1]
            exchange.answer(Self.answer("peers6", address, odd.port))
        }
        let reader = try await swarmlet.session {
            $0.listen = [ListenAddress(address: nil, port: 0)]
            // Of both families, as libcurl knows without asking anybody.
            $0.trackers = ["http://localhost:\(tracker.port)/announce"]
        }
        try await swarmlet.expectWhole(swarmlet.add(to: reader))
        await reader.stop()
        for heard in [v4, v6] {
            let heard = heard.wait { $0 } ?? Heard()
            #expect(heard.values(of: "event").first == "event=started")
            #expect(heard.values(of: "event").last == "event=stopped")
        }
        // By the key a tracker knows that they are one.
        let keys = [v4, v6].flatMap { ($0.wait { $0 } ?? Heard()).values(of: "key") }
        #expect(Set(keys).count == 1 && keys.first != "")
        withExtendedLifetime((even, odd, tracker6)) {}
        await swarmlet.end()
    }
}
