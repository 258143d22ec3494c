import FoundationEssentials

/// What a client asks of a mount's process: one JSON object on one line, `{"request":"status"}`.
///
/// Unknown keys are ignored, so that a newer client can talk to an older process.
package enum ControlRequest: String, CaseIterable, Equatable, Sendable {
    /// Answered by a `MountStatus`.
    case status
    /// Answered by `{"ok":true}`; then the process shuts down.
    case unmount

    /// The longest request read, newline left out: far above any real one, small enough that a
    /// flood costs nothing.
    package static let maximumLength = 64 * 1024

    private struct Envelope: Codable {
        let request: String
    }

    /// Decodes one line, without its newline.
    package init(parsing line: Span<UInt8>) throws(ControlError) {
        guard line.count <= Self.maximumLength else { throw .requestTooLong }
        let data = line.withUnsafeBufferPointer { Data($0) }
        guard let envelope = try? JSONDecoder().decode(Envelope.self, from: data) else {
            throw .malformedRequest("not an object with a string `request`")
        }
        guard let request = Self(rawValue: envelope.request) else {
            throw .malformedRequest("unknown request")
        }
        self = request
    }

    /// The line that `init(parsing:)` reads, without a newline.
    package var encoded: [UInt8] { Array(#"{"request":"\#(rawValue)"}"#.utf8) }
}
