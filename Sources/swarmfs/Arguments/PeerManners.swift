import Swarm
import TorrentEngine

/// How a session meets its peers, as `mount` and `seed` are told.
struct PeerManners {
    let encryption: EncryptionPolicy
    /// Nil: no part in the DHT.
    let dht: DHTOptions?
    let localDiscovery: LocalDiscoveryScope
    let mapsPort: Bool
    let isUTPEnabled: Bool
    let limits: RateLimits
    /// Nil: the engine's default.
    let maxConnections: Int?

    init(_ arguments: ParsedArguments) throws(Failure) {
        encryption = try arguments.last("encryption", Self.encryption) ?? .prefer
        dht = try DHTArguments.options(arguments)
        let download = try arguments.last("max-download", Self.rate) ?? 0
        let upload = try arguments.last("max-upload", Self.rate) ?? 0
        limits = RateLimits(
            download: download == 0 ? nil : download, upload: upload == 0 ? nil : upload)
        maxConnections = try arguments.last("max-connections", Self.connections)
        localDiscovery = LocalDiscoveryScope(arguments)
        mapsPort = !arguments.has("no-port-mapping")
        isUTPEnabled = !arguments.has("no-utp")
    }

    /// Passes on what was given.
    func apply(to configuration: inout SessionConfiguration) {
        configuration.encryption = encryption
        configuration.dht = dht
        configuration.localDiscovery = localDiscovery
        configuration.portMapping = mapsPort ? .automatic : .off
        configuration.isUTPEnabled = isUTPEnabled
        configuration.limits = limits
        if let maxConnections { configuration.connectionLimit = maxConnections }
    }

    private static func encryption(
        _ option: String, _ text: String
    ) throws(Failure) -> EncryptionPolicy {
        if let policy = EncryptionPolicy(rawValue: text.lowercased()) { return policy }
        throw Failure(
            .usage, "\(option) \(text) is no way to encrypt", "choose one of prefer, require, off")
    }

    /// Bytes a second from `2MiB`, `2MiB/s` or `none`; 0 is no limit.
    static func rate(_ option: String, _ text: String) throws(Failure) -> Int {
        if text == "none" { return 0 }
        let size = text.hasSuffix("/s") ? String(text.dropLast(2)) : text
        guard let bytes = try? ByteSize.parse(option, size), let rate = Int(exactly: bytes),
            rate == 0 || rate >= slowest
        else {
            throw Failure(
                .usage, "\(option) \(text) is no rate",
                "write bytes a second like 500KiB or 2MiB, at least 4KiB, or none")
        }
        return rate
    }

    /// A block of 16 KiB would take longer than peers wait for it.
    private static let slowest = 4096

    private static func connections(_ option: String, _ text: String) throws(Failure) -> Int {
        guard let count = Int(text), (1...65_535).contains(count) else {
            throw Failure(
                .usage, "\(option) \(text) is no number of connections",
                "write one from 1 to 65535")
        }
        return count
    }
}

extension OptionDefinition {
    /// The limits that `mount` and `seed` take.
    static let limits: [OptionDefinition] = [
        .maxDownload, .maxUpload, .maxConnections,
    ]

    /// Whether connections to peers are encrypted.
    static let encryption = OptionDefinition(
        name: "encryption", value: "prefer|require|off",
        help: """
            Encrypted connections to peers: those and others (prefer, the default), only those, or \
            none.
            """)

    /// Whether peers are reached over TCP only.
    static let noUTP = OptionDefinition(
        name: "no-utp", help: "Reach peers over TCP only, not over uTP (UDP) as well.")
    /// Payload from peers and web seeds.
    static let maxDownload = OptionDefinition(
        name: "max-download", value: "RATE",
        help: """
            Receive at most so many bytes a second from peers and web seeds, like 2MiB; what reads \
            wait for comes first. Default: none, no limit.
            """)

    /// Payload to peers.
    static let maxUpload = OptionDefinition(
        name: "max-upload", value: "RATE",
        help: "Send at most so many bytes a second to peers. Default: none, no limit.")

    private static let maxConnections = OptionDefinition(
        name: "max-connections", value: "N",
        help: "Have at most so many peers, over all torrents. Default: 200.")
}
