/// The protocols whose ports are forwarded.
enum MappedTransport: CaseIterable, Sendable {
    case tcp, udp
}
