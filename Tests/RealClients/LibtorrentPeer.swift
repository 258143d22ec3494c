/// libtorrent with DHT, LSD and port mapping off: what happens is what was asked.
package struct LibtorrentPeer: RunningPeer, Sendable {
    /// What it has, piece by piece.
    package struct Pieces: Decodable, Sendable {
        /// How many pieces it has.
        package let have: Int
        /// How many there are.
        package let total: Int
        /// A "1" for each piece that it has.
        package let bitmap: String
    }

    /// Where it accepts connections.
    package let address: PeerAddress
    /// The program, for its output and its end.
    package let process: ChildProcess

    private struct Listening: Decodable { let port: UInt16 }
    private struct Ready: Decodable {}
    private struct Complete: Decodable {}

    /// - Parameters:
    ///   - source: a .torrent file or a magnet link.
    ///   - folder: the download folder.
    ///   - peers: whom to connect to, once what is on disk has been checked.
    ///   - uploadRate: bytes a second; zero is without limit.
    ///   - findsLocally: looks for peers on its network (BEP 14).
    ///   - isSuperSeeding: offers pieces singly (BEP 16).
    ///   - isTrusting: takes what is on disk for right and sends it unchecked.
    ///   - exchangesPeers: names peers to peers and dials those that they name (BEP 11).
    package init(
        source: String, folder: String, isSeed: Bool, host: String = "127.0.0.1",
        peers: [PeerAddress] = [], uploadRate: Int = 0, isSuperSeeding: Bool = false,
        isTrusting: Bool = false, exchangesPeers: Bool = true,
        encryption: PeerEncryption = .off, findsLocally: Bool = false,
        transport: PeerTransport = .tcp, network: NetworkNamespace? = nil
    ) throws {
        var command = PythonScript.libtorrentPeer.command
        command += ["peer", source, "--save", folder, "--listen", host]
        command += ["--encryption", encryption.rawValue, "--transport", transport.rawValue]
        if isSeed { command.append("--seed") }
        if findsLocally { command.append("--lsd") }
        if isSuperSeeding { command.append("--super-seed") }
        if isTrusting { command.append("--trust") }
        if !exchangesPeers { command.append("--no-pex") }
        if uploadRate > 0 { command += ["--upload-rate", String(uploadRate)] }
        for peer in peers { command += ["--peer", peer.host, String(peer.port)] }
        process = try ChildProcess(network?.command(command) ?? command)
        let listening = try process.waitForEvent("listening", as: Listening.self)
        address = PeerAddress(host: host, port: listening.port)
        if isSeed {
            try waitUntilComplete()
        } else {
            try process.waitForEvent("ready", as: Ready.self)
        }
    }

    /// Waits until it has every piece and its files are on disk.
    package func waitUntilComplete() throws {
        try process.waitForEvent("complete", as: Complete.self)
    }

    /// Waits until it has at least one piece.
    package func waitForProgress() throws {
        try waitForPieces(1)
    }

    /// Waits until it has so many pieces, and returns what it has then.
    @discardableResult
    package func waitForPieces(_ count: Int) throws -> Pieces {
        try process.waitForEvent("pieces", as: Pieces.self) { $0.have >= count }
    }

    /// What it had when it last said so.
    package func pieces() throws -> Pieces? {
        try process.events("pieces", as: Pieces.self).last
    }

    /// How many pieces it received that did not hash to what the torrent says.
    package func hashFailures() throws -> Int {
        struct Failure: Decodable {}
        return try process.events("hash_failed", as: Failure.self).count
    }
}
