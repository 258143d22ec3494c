import Reactor
import TorrentCore

/// A TCP listener, and a UDP socket on the same address and port: peers are told one number for
/// both (BEP 5, BEP 29).
struct ListeningPort {
    /// Where the kernel chooses, its choice for TCP may be taken for UDP, or in the other family.
    /// Both being taken again and again means that something else is wrong.
    private static let attempts = 16

    let listener: Listener
    let datagrams: DatagramSocket

    /// Binds to `endpoint`; port 0 lets the kernel choose.
    private init(_ endpoint: Endpoint) throws(SystemError) {
        listener = try Listener(endpoint)
        datagrams = try DatagramSocket(listener.endpoint)
    }

    /// Binds every endpoint. Where any port will do, all get the same one, since trackers are told
    /// one; a machine without IPv6 still serves IPv4.
    static func bind(
        _ endpoints: [Endpoint], mayChooseOtherPort: Bool
    ) throws(SystemError) -> [ListeningPort] {
        for _ in 1..<attempts {
            do throws(SystemError) {
                return try bindOnce(endpoints)
            } catch {
                guard error.isAddressInUse, endpoints.contains(where: { $0.port == 0 }) else {
                    guard error.isAddressInUse, mayChooseOtherPort else { throw error }
                    let any = endpoints.map { Endpoint(address: $0.address, port: 0) }
                    return try bind(any, mayChooseOtherPort: false)
                }
            }
        }
        return try bindOnce(endpoints)
    }

    private static func bindOnce(_ endpoints: [Endpoint]) throws(SystemError) -> [ListeningPort] {
        var ports: [ListeningPort] = []
        for endpoint in endpoints {
            let chosen = ports.first?.listener.endpoint.port ?? 0
            let port = endpoint.port == 0 ? chosen : endpoint.port
            do throws(SystemError) {
                ports.append(try ListeningPort(Endpoint(address: endpoint.address, port: port)))
            } catch {
                guard error.isFamilyMissing, endpoints.count > 1 else { throw error }
            }
        }
        return ports
    }
}
