import Reactor

/// What `swarmfs seed` was told, checked and with defaults filled in.
struct SeedOptions {
    let torrentFile: String
    let dataPath: String
    let trustsData: Bool
    let peers: [String]
    let trackers: [String]
    /// Empty: the engine's default.
    let listen: [NetworkArguments.Listen]
    /// How peers are met.
    let manners: PeerManners
    let logLevel: Log.Level
    let logFile: String?

    init(_ arguments: ParsedArguments) throws(Failure) {
        torrentFile = Places.absolute(arguments.positionals[0])
        guard let data = arguments.last("data") else {
            throw Failure(
                .usage, "seed needs --data PATH", "say where the torrent's file or directory is")
        }
        dataPath = Places.absolute(data)
        trustsData = arguments.has("trust")
        peers = try arguments.all("peer", NetworkArguments.peer)
        trackers = try arguments.all("tracker", NetworkArguments.tracker)
        listen = try arguments.all("listen", NetworkArguments.listen)
        manners = try PeerManners(arguments)
        logLevel = try arguments.last("log-level", MountOptions.logLevel) ?? .warning
        logFile = arguments.last("log-file").map { Places.absolute($0) }
    }
}
