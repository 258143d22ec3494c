/// Where peers of the local network are looked for (BEP 14).
package enum LocalDiscoveryScope: Equatable, Sendable {
    /// Nowhere.
    case off
    /// On every interface that peers are accepted on and that sends to groups: never on loopback.
    case listening
    /// On the interfaces of these names, and no other.
    case interfaces([String])
}
