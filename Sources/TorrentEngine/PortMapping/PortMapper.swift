import Reactor
import TorrentCore

/// Has a router forward the port on which peers are accepted, for as long as the session lasts. On
/// a thread of its own, since routers are slow to answer.
final class PortMapper: Sendable {
    private struct State {
        var isStopping = false
        var isDone = false
    }

    private struct Mapping {
        let transport: MappedTransport
        let external: UInt16
    }

    /// A mapping is asked for so many seconds, and again after half of that: what a crash leaves
    /// behind is gone within the hour.
    private static let lifetime = 3600
    /// Without a router that does it, it is tried again this much later: networks change.
    private static let retry = Interval.seconds(600)

    private let state = Condition(State())

    /// Begins. `mapped` is called on the thread, with the port by which the outside reaches TCP
    /// connections, each time that is known anew.
    init(
        port: UInt16, scope: PortMappingScope, mapped: @escaping @Sendable (UInt16) -> Void
    ) throws(SystemError) {
        let state = state
        _ = try Thread(name: "port-mapping") {
            Self.run(port, scope, state, mapped)
            state.update { $0.isDone = true }
        }
    }

    /// Has what was mapped deleted; returns at once.
    func stop() { state.update { $0.isStopping = true } }

    /// Waits until that is done. What is not done in time lapses within the hour.
    func wait(until deadline: Timestamp) {
        _ = state.wait(until: deadline) { $0.isDone ? true : nil }
    }

    private static func run(
        _ port: UInt16, _ scope: PortMappingScope, _ state: Condition<State>,
        _ mapped: @Sendable (UInt16) -> Void
    ) {
        while true {
            var due = retry
            if let (gateway, mappings) = map(port, scope, state) {
                let text = mappings.map { "\($0.transport) \($0.external)" }
                Log.info("the router forwards \(text.joined(separator: ", ")) (\(gateway.name))")
                if let tcp = mappings.first(where: { $0.transport == .tcp }) {
                    mapped(tcp.external)
                }
                due = .seconds(Double(lifetime) / 2)
                if sleep(due, state) {
                    for mapping in mappings {
                        gateway.unmap(port, external: mapping.external, mapping.transport)
                    }
                    return
                }
            } else if sleep(due, state) {
                return
            }
        }
    }

    /// Asks one router after the other; nil where none forwards TCP.
    private static func map(
        _ port: UInt16, _ scope: PortMappingScope, _ state: Condition<State>
    ) -> (any PortMappingGateway, [Mapping])? {
        let attempts: [() -> (any PortMappingGateway)?] =
            switch scope {
            case .off: []
            case .automatic:
                [{ NATPMPGateway(address: nil) }, { UPnPGateway(description: nil) }]
            case .gateways(let natPMP, let description):
                [
                    { natPMP.flatMap { NATPMPGateway(address: $0) } },
                    { description.flatMap { UPnPGateway(description: $0) } },
                ]
            }
        for attempt in attempts {
            guard !sleep(.zero, state), let gateway = attempt() else { continue }
            guard let tcp = gateway.map(port, .tcp, seconds: lifetime) else { continue }
            var mappings = [Mapping(transport: .tcp, external: tcp)]
            if let udp = gateway.map(port, .udp, seconds: lifetime) {
                mappings.append(Mapping(transport: .udp, external: udp))
            }
            return (gateway, mappings)
        }
        return nil
    }

    /// Whether it is to stop, by the end of that time.
    private static func sleep(_ time: Interval, _ state: Condition<State>) -> Bool {
        state.wait(until: .now() + time) { $0.isStopping ? true : nil } ?? false
    }
}
