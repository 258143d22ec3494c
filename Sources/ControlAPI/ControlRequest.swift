import FoundationEssentials

/// What a client asks of a mount's process: one JSON object on one line, `{"request":"status"}`.
///
/// Unknown keys are ignored, so that a newer client can talk to an older process.
package enum ControlRequest: Equatable, Sendable {
    /// Answered by a `MountStatus`.
    case status
    /// Answered by `{"ok":true}`; then the process shuts down.
    case unmount
    /// Begin a task; answered by its `TaskStatus`, as are the other two.
    case start(ControlTask)
    /// How far is a task? One that nobody asks for is cancelled after a while.
    case progress(task: Int)
    /// End a task.
    case cancel(task: Int)

    /// Change how fast the mount may be; answered by `{"ok":true}`.
    case limit(LimitChange)

    /// The longest request read, newline left out: as much as a command line may hold (ARG_MAX, 2
    /// MiB), with room for escapes.
    package static let maximumLength = 4 * 1024 * 1024

    private struct Envelope: Codable {
        var request: String
        var task: Int?
        var torrent: String?
        var repair: Bool?
        var paths: [String]?
        var range: ByteSpan?
        var maxDownload: Int?
        var maxUpload: Int?

        enum CodingKeys: String, CodingKey {
            case request, task, torrent, repair, paths, range
            case maxDownload = "max_download"
            case maxUpload = "max_upload"
        }
    }

    /// Decodes one line, without its newline.
    package init(parsing line: Span<UInt8>) throws(ControlError) {
        guard line.count <= Self.maximumLength else { throw .requestTooLong }
        let data = line.withUnsafeBufferPointer { Data($0) }
        guard let envelope = try? JSONDecoder().decode(Envelope.self, from: data) else {
            throw .malformedRequest("not an object with a string `request`")
        }
        switch envelope.request {
        case "status": self = .status
        case "unmount": self = .unmount
        case "progress": self = .progress(task: try Self.required(envelope.task, "task"))
        case "cancel": self = .cancel(task: try Self.required(envelope.task, "task"))
        case "verify":
            self = .start(.verify(torrent: envelope.torrent, repair: envelope.repair ?? false))
        case "prefetch":
            if let range = envelope.range, range.start < 0 || range.end ?? .max < range.start {
                throw .malformedRequest("the range ends before it starts")
            }
            self = .start(
                .prefetch(
                    paths: try Self.required(envelope.paths, "paths"), range: envelope.range))
        case "pin": self = .start(.pin(paths: try Self.required(envelope.paths, "paths")))
        case "unpin": self = .start(.unpin(paths: try Self.required(envelope.paths, "paths")))
        case "evict":
            if let torrent = envelope.torrent {
                self = .start(.evictTorrent(torrent))
            } else {
                self = .start(.evict(paths: try Self.required(envelope.paths, "paths")))
            }
        case "limit":
            guard envelope.maxDownload ?? 0 >= 0, envelope.maxUpload ?? 0 >= 0 else {
                throw .malformedRequest("a rate is negative")
            }
            self = .limit(
                LimitChange(maxDownload: envelope.maxDownload, maxUpload: envelope.maxUpload))
        default: throw .malformedRequest("unknown request")
        }
    }

    /// The line that `init(parsing:)` reads, without a newline.
    package var encoded: [UInt8] {
        let encoder = JSONEncoder()
        // JSON escapes every newline inside a string, so one object is always one line.
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(envelope) else {
            preconditionFailure("a request holds only numbers and strings, which always encode")
        }
        return Array(data)
    }

    private var envelope: Envelope {
        switch self {
        case .status: Envelope(request: "status")
        case .unmount: Envelope(request: "unmount")
        case .limit(let change):
            Envelope(
                request: "limit", maxDownload: change.maxDownload, maxUpload: change.maxUpload)
        case .progress(let task): Envelope(request: "progress", task: task)
        case .cancel(let task): Envelope(request: "cancel", task: task)
        case .start(.verify(let torrent, let repair)):
            Envelope(request: "verify", torrent: torrent, repair: repair)
        case .start(.prefetch(let paths, let range)):
            Envelope(request: "prefetch", paths: paths, range: range)
        case .start(.pin(let paths)): Envelope(request: "pin", paths: paths)
        case .start(.unpin(let paths)): Envelope(request: "unpin", paths: paths)
        case .start(.evictTorrent(let torrent)): Envelope(request: "evict", torrent: torrent)
        case .start(.evict(let paths)): Envelope(request: "evict", paths: paths)
        }
    }

    private static func required<Value>(
        _ value: Value?, _ key: String
    ) throws(ControlError) -> Value {
        guard let value else { throw .malformedRequest("no `\(key)`") }
        return value
    }
}
