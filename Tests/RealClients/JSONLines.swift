import Foundation

/// A program that prints its events as one JSON object a line.
extension ChildProcess {
    /// The events of one kind so far, in order.
    package func events<Event: Decodable>(_ kind: String, as type: Event.Type) throws -> [Event] {
        try Self.events(kind, as: type, in: output)
    }

    /// Waits until an event of one kind satisfies `condition`, and returns it.
    @discardableResult
    package func waitForEvent<Event: Decodable>(
        _ kind: String, as type: Event.Type, seconds: Double = Deadline.generous,
        where condition: (Event) -> Bool = { _ in true }
    ) throws -> Event {
        try wait(for: "the event \"\(kind)\"", seconds: seconds) { transcript in
            try Self.events(kind, as: type, in: transcript).last(where: condition)
        }
    }

    private static func events<Event: Decodable>(
        _ kind: String, as type: Event.Type, in text: String
    ) throws -> [Event] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        var found: [Event] = []
        // The last line may still be growing.
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        where line.hasPrefix("{") {
            let data = Data(line.utf8)
            guard let named = try? decoder.decode(Named.self, from: data), named.event == kind
            else {
                continue
            }
            found.append(try decoder.decode(type, from: data))
        }
        return found
    }
}

private struct Named: Decodable { let event: String }
