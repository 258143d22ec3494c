import Reactor
import TorrentCore

/// What happened, from any thread, for one thread that handles it in order.
final class EventQueue<Event: Sendable>: Sendable {
    private let events = Condition<[Event]>([])

    /// Adds an event.
    func post(_ event: Event) { events.update { $0.append(event) } }

    /// Waits for the next event; nil where `deadline` comes first.
    func next(until deadline: Timestamp? = nil) -> Event? {
        events.wait(until: deadline) { $0.isEmpty ? nil : $0.removeFirst() }
    }
}
