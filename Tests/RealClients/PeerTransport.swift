/// What a client reaches its peers over, and nothing else.
package enum PeerTransport: String, CaseIterable, Sendable {
    /// TCP.
    case tcp
    /// uTP, in UDP datagrams.
    case utp
}
