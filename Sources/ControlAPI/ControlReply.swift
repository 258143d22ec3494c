import FoundationEssentials

/// What a mount's process answers, one JSON object on one line: a `MountStatus` as it is,
/// a `TaskStatus` likewise, `{"ok":true}`, or `{"error":"..."}`.
package enum ControlReply: Equatable, Sendable {
    /// To `status`.
    case status(MountStatus)
    /// To `unmount`.
    case acknowledged
    /// To what concerns a task.
    case task(TaskStatus)
    /// To anything that could not be done.
    case failed(String)

    /// The longest reply read: room for 10,000 torrents, a bound on what a client allocates.
    package static let maximumLength = 16 * 1024 * 1024

    private struct Acknowledgement: Codable {
        var ok: Bool?
        var error: String?
    }

    /// Decodes one line, without its newline.
    package init(parsing line: [UInt8]) throws(ControlError) {
        let data = Data(line)
        if let status = try? JSONDecoder().decode(MountStatus.self, from: data) {
            self = .status(status)
        } else if let status = try? JSONDecoder().decode(TaskStatus.self, from: data) {
            self = .task(status)
        } else if let reply = try? JSONDecoder().decode(Acknowledgement.self, from: data) {
            if let error = reply.error {
                self = .failed(error)
            } else if reply.ok == true {
                self = .acknowledged
            } else {
                throw .malformedReply
            }
        } else {
            throw .malformedReply
        }
    }

    /// The line that `init(parsing:)` reads, without a newline.
    package var encoded: [UInt8] {
        let encoder = JSONEncoder()
        // JSON escapes every newline inside a string, so one object is always one line.
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data =
            switch self {
            case .status(let status): try? encoder.encode(status)
            case .task(let status): try? encoder.encode(status)
            case .acknowledged: try? encoder.encode(Acknowledgement(ok: true))
            case .failed(let reason): try? encoder.encode(Acknowledgement(error: reason))
            }
        return data.map { Array($0) } ?? Array(#"{"error":"the reply cannot be encoded"}"#.utf8)
    }
}
