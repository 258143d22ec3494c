import Reactor
import TorrentCore

/// The announces that a scripted tracker has heard.
final class AnnounceRecord: Sendable {
    struct Entry: Equatable, Sendable {
        /// Empty for an ordinary announce.
        let event: String
        let left: Int64
    }

    private let entries = Condition<[Entry]>([])

    func add(event: String, left: Int64) {
        entries.update { $0.append(Entry(event: event, left: left)) }
    }

    /// From the query of an HTTP announce; what is none is left out.
    func add(path: String) {
        guard path.hasPrefix("/announce") else { return }
        let query = path.split(separator: "?").last ?? ""
        var fields: [Substring: Substring] = [:]
        for field in query.split(separator: "&") {
            let parts = field.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { fields[parts[0]] = parts[1] }
        }
        add(event: String(fields["event"] ?? ""), left: Int64(fields["left"] ?? "") ?? -1)
    }

    var all: [Entry] { entries.wait { $0 } ?? [] }

    /// Whether an announce with this event has come.
    func has(_ event: String) async throws -> Bool {
        try await blocking { [entries] in
            entries.wait(until: .later) { entries in
                entries.contains { $0.event == event } ? true : nil
            } ?? false
        }
    }
}
