import TorrentEngine

/// How a session meets its peers, as `mount` and `seed` are told.
struct PeerManners {
    let encryption: EncryptionPolicy
    /// Nil: no part in the DHT.
    let dht: DHTOptions?
    let localDiscovery: LocalDiscoveryScope
    let mapsPort: Bool
    let isUTPEnabled: Bool

    init(_ arguments: ParsedArguments) throws(Failure) {
        encryption = try arguments.last("encryption", Self.encryption) ?? .prefer
        dht = try DHTArguments.options(arguments)
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
    }

    private static func encryption(
        _ option: String, _ text: String
    ) throws(Failure) -> EncryptionPolicy {
        if let policy = EncryptionPolicy(rawValue: text.lowercased()) { return policy }
        throw Failure(
            .usage, "\(option) \(text) is no way to encrypt", "choose one of prefer, require, off")
    }
}

extension OptionDefinition {
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
}
