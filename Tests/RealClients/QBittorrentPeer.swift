import Foundation

/// qBittorrent without a screen, steered over its Web API, with a profile folder of its own and
/// without anything that would reach out: port mapping, updates, geolocation.
package struct QBittorrentPeer: RunningPeer, Sendable {
    /// Where it accepts connections.
    package let address: PeerAddress
    /// The program, for its output and its end.
    package let process: ChildProcess
    private let url: String
    private let network: NetworkNamespace?

    /// What it says of its torrent.
    package struct Torrent: Decodable, Sendable {
        /// One word.
        package let state: String
        /// From 0 to 1.
        package let progress: Double
    }

    /// One of its connections.
    package struct Connection: Decodable, Sendable {
        /// `BT` for TCP, `μTP` for uTP, `Web` for a web seed.
        package let connection: String
        /// Letters that its interface explains: `E` for all encrypted, `e` for the handshake only,
        /// `X` from PEX, `H` from the DHT, `L` from the local network.
        package let flags: String
    }

    /// - Parameters:
    ///   - source: a .torrent file or a magnet link.
    ///   - folder: the download folder; data that is there already is checked and seeded.
    ///   - profile: an empty folder of its own.
    package init(
        source: String, folder: String, profile: String, isSeed: Bool,
        options: PeerOptions = PeerOptions()
    ) throws {
        let (port, controlPort) = (try FreePort.next(), try FreePort.next())
        try Self.configure(
            profile, folder: folder, port: port, controlPort: controlPort, options: options)
        network = options.network
        var command = ["qbittorrent-nox", "--profile=" + profile]
        if let network = options.network {
            let entrance = options.bootstrap.first?.split(separator: ":").first.map(String.init)
            command = network.command(
                command, name: LocalDHT.publicEntrance.host, is: entrance ?? "0.0.0.0")
        }
        process = try ChildProcess(command, environment: ["HOME": profile])
        address = PeerAddress(host: options.host, port: port)
        url = "http://127.0.0.1:\(controlPort)/api/v2/"
        try Deadline().wait(for: "qBittorrent to answer: \(process.transcript)") {
            if process.hasEnded { throw RealClientError("it ended: \(process.transcript)") }
            return try ask("app/version", "--silent").hasPrefix("v")
        }
        // A name with a comma or a semicolon would be taken apart.
        let torrent = source.hasPrefix("magnet:") ? "urls=\(source)" : "torrents=@\"\(source)\""
        let answer = try ask("torrents/add", "--form", torrent, "--form", "savepath=\(folder)")
        guard answer == "Ok." else { throw RealClientError("torrents/add: \(answer)") }
        if isSeed { try waitUntilComplete() }
        for peer in options.peers { try connect(to: peer) }
    }

    private static func configure(
        _ profile: String, folder: String, port: UInt16, controlPort: UInt16, options: PeerOptions
    ) throws {
        let encryption =
            switch options.encryption ?? .prefer {
            case .prefer: 0
            case .rc4, .plaintext: 1
            case .off: 2
            }
        let directory = profile + "/qBittorrent/config"
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        try #"""
        [LegalNotice]
        Accepted=true
        [BitTorrent]
        Session\AddExtensionToIncompleteFiles=false
        Session\BTProtocol=\#(options.transport == .utp ? "UTP" : "TCP")
        Session\DefaultSavePath=\#(folder)
        Session\DHTEnabled=\#(options.discovery.contains(.dht))
        Session\Encryption=\#(encryption)
        Session\Interface=lo
        Session\InterfaceAddress=\#(options.host)
        Session\InterfaceName=lo
        Session\LSDEnabled=\#(options.discovery.contains(.lsd))
        Session\MultiConnectionsPerIp=true
        Session\PeXEnabled=\#(options.discovery.contains(.pex))
        Session\Port=\#(port)
        Session\QueueingSystemEnabled=false
        [Network]
        PortForwardingEnabled=false
        [Preferences]
        Connection\ResolvePeerCountries=false
        WebUI\Address=127.0.0.1
        WebUI\CSRFProtection=false
        WebUI\Enabled=true
        WebUI\HostHeaderValidation=false
        WebUI\LocalHostAuth=false
        WebUI\Port=\#(controlPort)
        WebUI\UseUPnP=false
        [Core]
        AutoDeleteAddedTorrentFile=Never

        """#.write(toFile: directory + "/qBittorrent.conf", atomically: true, encoding: .utf8)
    }

    /// Waits until it has every piece.
    package func waitUntilComplete() throws {
        try wait(for: "to have it all") {
            $0.progress == 1 && ["uploading", "stalledUP", "forcedUP"].contains($0.state)
        }
    }

    /// Waits until it has at least one piece.
    package func waitForProgress() throws {
        try wait(for: "to have a piece") { $0.progress > 0 }
    }

    private func wait(for what: String, until condition: (Torrent) -> Bool) throws {
        var last: Torrent?
        try Deadline(seconds: 2 * Deadline.generous).wait(
            for: "qBittorrent \(what): \(String(describing: last))"
        ) {
            last = try torrents().first?.torrent
            return last.map(condition) ?? false
        }
    }

    /// Has it connect to a peer.
    package func connect(to peer: PeerAddress) throws {
        try Deadline().wait(for: "qBittorrent to take a peer") {
            guard let hash = try torrents().first?.hash else { return false }
            let form = ["--form", "hashes=\(hash)", "--form", "peers=\(peer)"]
            return try ask("torrents/addPeers", form + ["--silent"]).contains(hash)
        }
    }

    /// Its connections.
    package func connections() throws -> [Connection] {
        struct Peers: Decodable { let peers: [String: Connection]? }
        guard let hash = try torrents().first?.hash else { return [] }
        let answer = try ask("sync/torrentPeers?hash=\(hash)")
        return try JSONDecoder().decode(Peers.self, from: Data(answer.utf8))
            .peers.map { Array($0.values) } ?? []
    }

    /// How many nodes of the DHT it knows.
    package func dhtNodes() throws -> Int {
        struct Transfer: Decodable { let dhtNodes: Int }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(
            Transfer.self, from: Data(try ask("transfer/info").utf8)
        ).dhtNodes
    }

    private func torrents() throws -> [(hash: String, torrent: Torrent)] {
        struct Named: Decodable { let hash: String }
        let answer = Data(try ask("torrents/info").utf8)
        let decoder = JSONDecoder()
        return try zip(
            decoder.decode([Named].self, from: answer), decoder.decode([Torrent].self, from: answer)
        ).map { ($0.hash, $1) }
    }

    private func ask(_ method: String, _ arguments: String...) throws -> String {
        try ask(method, arguments)
    }

    private func ask(_ method: String, _ arguments: [String]) throws -> String {
        let command = ["curl", "--silent", "--show-error", url + method] + arguments
        let result = try ChildProcess.run(network?.command(command) ?? command)
        guard result.exitCode == 0 || arguments.contains("--silent") else {
            throw RealClientError("qBittorrent's \(method): \(result.errors)")
        }
        return result.output
    }
}
