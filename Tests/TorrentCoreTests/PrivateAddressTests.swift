import Testing
import TorrentCore

@Suite("Addresses of one's own networks")
struct PrivateAddressTests {
    @Test(arguments: [
        "127.0.0.1", "127.255.0.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "0.0.0.0", "192.0.0.8", "::1", "::", "fe80::1", "fec0::1",
        "fc00::1", "fdff::1", "::ffff:10.0.0.1", "::7f00:1", "64:ff9b::7f00:1", "2002:7f00:1::1",
    ])
    func `are told`(text: String) throws {
        #expect(try #require(IPAddress(text)).isPrivate)
    }

    @Test(arguments: [
        "1.1.1.1", "172.32.0.1", "192.169.0.1", "100.128.0.1", "11.0.0.1", "192.0.2.1",
        "2001:db8::1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1",
    ])
    func `from those of others`(text: String) throws {
        #expect(try !#require(IPAddress(text)).isPrivate)
    }
}
