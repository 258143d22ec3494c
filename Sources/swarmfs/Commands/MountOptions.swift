import FUSEBridge
import Glibc
import Metainfo
import PieceStorage
import Reactor
import TorrentCore

/// What `swarmfs mount` was told, checked and with defaults filled in. Paths are absolute: the
/// background process works in `/`.
struct MountOptions {
    /// As on the command line; what they are is for the source parser to say.
    let sources: [String]
    let mountpoint: String
    let peers: [String]
    let trackers: [String]
    let servers: ServerOptions
    /// Empty: the engine's default.
    let listen: [NetworkArguments.Listen]
    let cacheDirectory: String
    let cacheLimits: CacheLimits
    /// Bytes of pieces in memory; nil for the engine's default.
    let memory: Int?
    /// How peers are met.
    let manners: PeerManners
    let isUploadEnabled: Bool
    /// Whether there is to be no network at all.
    let isOffline: Bool
    /// Whether what is cached is hashed again at its first use since the machine was started.
    let verifiesOnce: Bool
    /// Nil: reads wait for ever.
    let readTimeout: Interval?
    /// Nil: the mount waits for ever.
    let waitTimeout: Interval?
    let allowsOthers: Bool
    let allowsPassthrough: Bool
    let isForeground: Bool
    let logLevel: Log.Level
    /// Nil: the default place, or standard error in the foreground.
    let logFile: String?
    /// In the background process: where to report to.
    let readinessDescriptor: Int32?

    init(_ arguments: ParsedArguments) throws(Failure) {
        sources = arguments.positionals.dropLast().map(Self.source)
        mountpoint = arguments.positionals.last ?? ""
        peers = try arguments.all("peer", NetworkArguments.peer)
        trackers = try arguments.all("tracker", NetworkArguments.tracker)
        servers = try ServerOptions(arguments)
        listen = try arguments.all("listen", NetworkArguments.listen)
        cacheLimits = CacheLimits(
            size: try arguments.last("cache-size", CacheArguments.size),
            free: try arguments.last("cache-free", CacheArguments.free)
                ?? CacheLimits.standard.free)
        memory = try arguments.last("memory", Self.memory)
        manners = try PeerManners(arguments)
        isUploadEnabled = !arguments.has("no-upload")
        isOffline = arguments.has("offline")
        verifiesOnce = try arguments.last("verify", Self.verification) ?? false
        readTimeout = try Self.timeout(arguments, "read-timeout", standard: "5m")
        waitTimeout = try Self.timeout(arguments, "wait-timeout", standard: "5m")
        allowsOthers = arguments.has("allow-other")
        allowsPassthrough = !arguments.has("no-passthrough")
        isForeground = arguments.has("foreground")
        logLevel = try arguments.last("log-level", Self.logLevel) ?? .info
        logFile = arguments.last("log-file").map { Places.absolute($0) }
        readinessDescriptor = arguments.last(MountCommand.readinessOption).flatMap { Int32($0) }
        cacheDirectory = try Places.cacheDirectory(arguments)
    }

    /// The part that the mount itself is told.
    var bridge: FUSEBridge.MountOptions {
        var bridge = FUSEBridge.MountOptions()
        bridge.allowsOtherUsers = allowsOthers
        bridge.allowsPassthrough = allowsPassthrough
        // Without a limit: longer than any machine stays up.
        bridge.readTimeout = readTimeout ?? .seconds(100 * 365 * 86_400)
        return bridge
    }

    static func logLevel(_ option: String, _ text: String) throws(Failure) -> Log.Level {
        if let level = Log.Level(name: text.lowercased()) { return level }
        let names = Log.Level.allCases.map { "\($0)" }.joined(separator: ", ")
        throw Failure(.usage, "\(option) \(text) is no log level", "choose one of \(names)")
    }

    private static func verification(_ option: String, _ text: String) throws(Failure) -> Bool {
        switch text {
        case "once": return true
        case "never": return false
        default: throw Failure(.usage, "\(option) \(text) is not known", "write once or never")
        }
    }

    /// Less than 4 MiB could not keep one fast peer busy.
    private static func memory(_ option: String, _ text: String) throws(Failure) -> Int {
        let bytes = try ByteSize.parse(option, text)
        guard bytes >= 4 << 20, let memory = Int(exactly: bytes) else {
            throw Failure(
                .usage, "\(option) \(text) is too little",
                "give 4MiB or more: pieces are received, verified and written in it")
        }
        return memory
    }

    private static func timeout(
        _ arguments: ParsedArguments, _ name: String, standard: String
    ) throws(Failure) -> Interval? {
        let interval = try TimeSpan.parse("--\(name)", arguments.last(name) ?? standard)
        return interval == .zero ? nil : interval
    }

    /// A source that is a file of the working directory gets its whole path. An infohash is none,
    /// whatever is called so there.
    private static func source(_ text: String) -> String {
        guard access(text, F_OK) == 0, case .file? = try? TorrentSource(parsing: text) else {
            return text
        }
        return Places.absolute(text)
    }
}
