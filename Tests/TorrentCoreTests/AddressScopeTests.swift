import Testing
import TorrentCore

@Suite("Scopes of addresses")
struct AddressScopeTests {
    @Test(arguments: [
        ("127.0.0.1", AddressScope.loopback), ("127.255.0.9", .loopback), ("::1", .loopback),
        ("10.1.2.3", .local), ("172.16.0.1", .local), ("172.31.255.255", .local),
        ("192.168.0.1", .local), ("169.254.1.1", .local), ("100.64.0.1", .local),
        ("fe80::1", .local), ("fc00::1", .local), ("fdff::1", .local),
        ("172.32.0.1", .global), ("100.128.0.1", .global), ("9.9.9.9", .global),
        ("2001:db8::1", .global), ("::ffff:10.0.0.1", .local), ("::ffff:127.0.0.1", .loopback),
    ])
    func `an address reaches as far as its prefix says`(
        text: String, scope: AddressScope
    ) throws {
        #expect(try #require(IPAddress(text)).scope == scope)
    }
}
