import DHTProtocol
import Testing
import TorrentCore

@Suite("Node IDs (BEP 5, 42)")
struct NodeIDTests {
    /// BEP 42's test vectors.
    private static let vectors = [
        ("124.31.75.21", "5fbfbff10c5d6a4ec8a88e4c6ab4c28b95eee401"),
        ("21.75.31.124", "5a3ce9c14e7a08645677bbd1cfe7d8f956d53256"),
        ("65.23.51.170", "a5d43220bc8f112a3d426c84764f8c2a1150e616"),
        ("84.124.73.14", "1b0321dd1bb1fe518101ceef99462b947a01ff41"),
        ("43.213.53.83", "e56f6cbf5b7c4be0237986d5243b87aa6d51305a"),
    ]

    @Test("the BEP's IDs are valid for their addresses, and for no other", arguments: vectors)
    func validity(address: String, id: String) throws {
        let address = try #require(IPAddress(address))
        let id = try #require(Hexadecimal.decode(id).flatMap { NodeID($0) })
        #expect(id.isValid(for: address))
        let others = Self.vectors.compactMap { IPAddress($0.0) }.filter { $0 != address }
        #expect(!others.contains { id.isValid(for: $0) })
        var bytes = id.bytes
        bytes[0] ^= 0x80
        #expect(NodeID(bytes)?.isValid(for: address) == false)
    }

    @Test("an ID made for an address is valid for it", arguments: ["8.8.4.4", "2001:db8:85a3::7"])
    func made(address: String) throws {
        let address = try #require(IPAddress(address))
        var random = SeededRandom(seed: 3)
        for _ in 0..<50 {
            #expect(NodeID(address: address, random: &random).isValid(for: address))
        }
    }

    @Test(
        "any ID is valid where addresses are free",
        arguments: [
            "127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.1.1", "::1", "fd00::1",
            "fe80::1",
        ])
    func local(address: String) throws {
        let address = try #require(IPAddress(address))
        var random = SeededRandom(seed: 4)
        #expect(NodeID(random: &random).isValid(for: address))
    }

    @Test("the closer of two is the one with the smaller exclusive or")
    func distance() throws {
        let target = try #require(NodeID([UInt8](repeating: 0, count: 20)))
        let near = try #require(NodeID([UInt8](repeating: 0, count: 19) + [9]))
        let far = try #require(NodeID([1] + [UInt8](repeating: 0, count: 19)))
        #expect(near ^ target < far ^ target)
        #expect(near.sharedPrefix(with: target) == 156)
        #expect(far.sharedPrefix(with: target) == 7)
        #expect(target.sharedPrefix(with: target) == 160)
    }

    @Test("a neighbour shares exactly as many bits as asked for")
    func neighbours() {
        var random = SeededRandom(seed: 5)
        let id = NodeID(random: &random)
        for bits in 0..<NodeID.bitCount {
            #expect(id.neighbour(sharing: bits, random: &random).sharedPrefix(with: id) == bits)
        }
    }
}
