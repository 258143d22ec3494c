import Foundation

/// transmission-daemon with port mapping off.
///
/// It never dials a loopback address (it takes them for "martian"): the other side must connect to
/// it, or both be in a network of their own. Its choker runs every 10 s, so the first byte takes as
/// long. Its PEX names those whom it is connected to when a peer introduces itself, and whoever has
/// come or gone since then after 90 s; a seed names nobody for long, as it leaves other seeds.
package struct TransmissionPeer: RunningPeer, Sendable {
    /// Where it accepts connections.
    package let address: PeerAddress
    /// The program, for its output and its end.
    package let process: ChildProcess
    private let control: String
    private let network: NetworkNamespace?

    /// - Parameters:
    ///   - configuration: an empty folder of its own.
    ///   - source: a .torrent file or a magnet link.
    ///   - options: TCP stays on beside uTP, and encryption that is required is with RC4.
    ///   - folder: the download folder; data that is there already is checked and seeded.
    package init(
        source: String, folder: String, configuration: String, isSeed: Bool,
        options: PeerOptions = PeerOptions()
    ) throws {
        let encryption = options.encryption ?? .prefer
        let peerPort = try FreePort.next()
        let controlPort = try FreePort.next()
        let settings: [String: Any] = [
            "bind-address-ipv4": options.host, "bind-address-ipv6": "::1", "peer-port": peerPort,
            "peer-port-random-on-start": false, "port-forwarding-enabled": false,
            "rpc-bind-address": "127.0.0.1", "rpc-port": controlPort, "rpc-enabled": true,
            "rpc-whitelist-enabled": false, "rpc-host-whitelist-enabled": false,
            "rpc-authentication-required": false,
            "dht-enabled": options.discovery.contains(.dht),
            "lpd-enabled": options.discovery.contains(.lsd),
            "pex-enabled": options.discovery.contains(.pex),
            "utp-enabled": options.transport == .utp,
            "encryption": encryption == .off ? 0 : encryption == .prefer ? 1 : 2,
            "download-dir": folder, "incomplete-dir-enabled": false, "preallocation": 0,
            "rename-partial-files": false, "start-added-torrents": true,
            "ratio-limit-enabled": false, "idle-seeding-limit-enabled": false,
            "blocklist-enabled": false, "watch-dir-enabled": false, "message-level": 3,
            "cache-size-mb": 4,
        ]
        let text = try JSONSerialization.data(withJSONObject: settings)
        try text.write(to: URL(fileURLWithPath: configuration + "/settings.json"))
        try Self.rememberedNodes(options.bootstrap)?.write(
            to: URL(fileURLWithPath: configuration + "/dht.dat"))
        network = options.network
        let command = ["transmission-daemon", "--foreground", "--config-dir", configuration]
        process = try ChildProcess(options.network?.command(command) ?? command)
        address = PeerAddress(host: options.host, port: peerPort)
        control = "127.0.0.1:\(controlPort)"
        let child = process
        try Deadline().wait(for: "transmission-daemon to listen: \(child.transcript)") {
            if child.hasEnded { throw RealClientError("it ended: \(child.transcript)") }
            guard options.network == nil else {
                return try ask("--session-info").exitCode == 0
            }
            return FreePort.isListening(controlPort) && FreePort.isListening(peerPort)
        }
        let result = try ask("--add", source, "--download-dir", folder)
        guard result.exitCode == 0 else { throw RealClientError("--add: \(result.errors)") }
        // Before it first announces by LSD it hears nobody.
        if options.discovery.contains(.lsd) { try process.waitForLine(containing: "LPD announce") }
        guard isSeed else { return }
        try waitUntilComplete()
        // Whoever looks for it before would look again after 5, 10, 20 seconds.
        if options.discovery.contains(.dht) {
            try process.waitForLine(
                containing: "Starting IPv4 DHT announce", seconds: 2 * Deadline.generous)
        }
    }

    /// The nodes of the DHT that it takes to have known when it last ran: those it pings every two
    /// seconds, and the ones of a list for beginners every fifteen.
    private static func rememberedNodes(_ nodes: [String]) throws -> Data? {
        guard !nodes.isEmpty else { return nil }
        var compact = Data()
        for node in nodes {
            let numbers = node.split { ".:".contains($0) }.compactMap { UInt16($0) }
            guard numbers.count == 5 else { throw RealClientError("\(node) is no IPv4 endpoint") }
            compact += numbers[..<4].map { UInt8(truncatingIfNeeded: $0) }
            compact += [UInt8(numbers[4] >> 8), UInt8(numbers[4] & 255)]
        }
        let id = Data((0..<20).map { _ in UInt8.random(in: 0...255) })
        return Data("d2:id20:".utf8) + id + Data("5:nodes\(compact.count):".utf8) + compact
            + Data("e".utf8)
    }

    /// Waits until it has every piece and its files are on disk.
    package func waitUntilComplete() throws {
        try Deadline(seconds: 3 * Deadline.generous).wait(
            for: "Transmission to have it all:\n\(state())"
        ) {
            field("Percent Done") == "100%" && ["Idle", "Seeding"].contains(field("State"))
        }
    }

    /// Waits until it has at least one piece.
    package func waitForProgress() throws {
        try Deadline(seconds: 3 * Deadline.generous).wait(
            for: "Transmission to have a piece:\n\(state())"
        ) {
            guard let done = field("Percent Done"), done.hasSuffix("%") else { return false }
            return (Double(done.dropLast()) ?? 0) > 0
        }
    }

    /// What `transmission-remote --info` says of the torrent.
    package func state() -> String {
        (try? ask("--torrent", "all", "--info"))?.output ?? ""
    }

    private func ask(_ arguments: String...) throws -> ChildProcess.Result {
        let command = ["transmission-remote", control] + arguments
        return try ChildProcess.run(network?.command(command) ?? command)
    }

    private func field(_ name: String) -> String? {
        for line in state().split(separator: "\n") {
            let text = line.trimmingCharacters(in: .whitespaces)
            if text.hasPrefix(name + ": ") { return String(text.dropFirst(name.count + 2)) }
        }
        return nil
    }
}
