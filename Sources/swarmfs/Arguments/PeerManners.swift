import TorrentEngine

/// How a session meets its peers, as `mount` and `seed` are told.
struct PeerManners {
    let encryption: EncryptionPolicy
    let localDiscovery: LocalDiscoveryScope
    let mapsPort: Bool

    init(_ arguments: ParsedArguments) throws(Failure) {
        encryption = try arguments.last("encryption", Self.encryption) ?? .prefer
        localDiscovery = LocalDiscoveryScope(arguments)
        mapsPort = !arguments.has("no-port-mapping")
    }

    /// Passes on what was given.
    func apply(to configuration: inout SessionConfiguration) {
        configuration.encryption = encryption
        configuration.localDiscovery = localDiscovery
        configuration.portMapping = mapsPort ? .automatic : .off
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
}
