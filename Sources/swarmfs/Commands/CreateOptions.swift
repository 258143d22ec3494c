import Glibc

/// What `swarmfs create` was told, checked and with defaults filled in.
struct CreateOptions {
    /// Which hashes the torrent carries.
    enum Format: String, CaseIterable {
        case v1, v2, hybrid
    }

    let path: String
    let output: String
    let format: Format
    /// Nil: chosen from the size.
    let pieceLength: Int?
    /// One tier for each `--tracker`.
    let announceTiers: [[String]]
    let webSeeds: [String]
    let isPrivate: Bool
    let comment: String?
    let source: String?
    /// Seconds since 1970; nil to leave it out.
    let creationDate: Int64?
    let isSilent: Bool

    init(_ arguments: ParsedArguments) throws(Failure) {
        path = arguments.positionals[0]
        guard let output = arguments.last("output") else {
            throw Failure(.usage, "create needs -o FILE", "say where the .torrent file goes")
        }
        self.output = output
        format = try arguments.last("format", Self.format) ?? .hybrid
        pieceLength = try arguments.last("piece-length", Self.pieceLength)
        announceTiers = try arguments.all("tracker", Self.tier)
        webSeeds = try arguments.all("webseed", NetworkArguments.webSeed)
        isPrivate = arguments.has("private")
        comment = arguments.last("comment")
        source = arguments.last("source")
        let date = try arguments.last("creation-date", Self.creationDate) ?? .now
        creationDate = date.seconds
        isSilent = arguments.has("no-progress")
    }

    private static func format(_ option: String, _ text: String) throws(Failure) -> Format {
        if let format = Format(rawValue: text.lowercased()) { return format }
        throw Failure(.usage, "\(option) \(text) is no format", "choose v1, v2 or hybrid")
    }

    /// A power of two, so that it fits v2 (BEP 52), within what clients accept.
    private static func pieceLength(_ option: String, _ text: String) throws(Failure) -> Int {
        let length = try ByteSize.parse(option, text)
        guard (16 << 10...64 << 20).contains(length), length & (length - 1) == 0 else {
            throw Failure(
                .usage, "\(option) \(text) cannot be a piece length",
                "choose a power of two from 16KiB to 64MiB")
        }
        return Int(length)
    }

    /// One `--tracker` is one tier; `URL,URL` are trackers of the same tier. A comma that no
    /// scheme follows belongs to the URL.
    private static func tier(_ option: String, _ text: String) throws(Failure) -> [String] {
        var urls: [String] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            if let last = urls.indices.last, !part.contains("://") {
                urls[last] += ",\(part)"
            } else {
                urls.append(String(part))
            }
        }
        for url in urls { _ = try NetworkArguments.tracker(option, url) }
        return urls
    }

    private enum CreationDate {
        case now, none
        case fixed(Int64)

        var seconds: Int64? {
            switch self {
            case .now: Int64(time(nil))
            case .none: nil
            case .fixed(let seconds): seconds
            }
        }
    }

    private static func creationDate(
        _ option: String, _ text: String
    ) throws(Failure) -> CreationDate {
        switch text {
        case "now": return .now
        case "none": return .none
        default: break
        }
        if let seconds = Int64(text), seconds >= 0 { return .fixed(seconds) }
        if let seconds = CalendarDate.seconds(text) { return .fixed(seconds) }
        throw Failure(
            .usage, "\(option) \(text) is no date",
            "write 2026-01-31, 2026-01-31T12:00:00Z, seconds since 1970, now or none")
    }
}
