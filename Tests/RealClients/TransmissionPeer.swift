import Foundation

/// transmission-daemon with DHT, LSD, PEX, uTP and port mapping off.
///
/// It never dials a loopback address that a tracker gave it (it takes them for "martian"): the
/// other side must connect to it. Its choker runs every 10 s, so the first byte takes as long.
package struct TransmissionPeer: RunningPeer, Sendable {
    /// Where it accepts connections.
    package let address: PeerAddress
    /// The program, for its output and its end.
    package let process: ChildProcess
    private let control: String

    /// - Parameters:
    ///   - configuration: an empty folder of its own.
    ///   - source: a .torrent file or a magnet link.
    ///   - encryption: where it is required, it is with RC4.
    ///   - folder: the download folder; data that is there already is checked and seeded.
    package init(
        source: String, folder: String, configuration: String, isSeed: Bool,
        encryption: PeerEncryption = .prefer
    ) throws {
        let peerPort = try FreePort.next()
        let controlPort = try FreePort.next()
        let settings: [String: Any] = [
            "bind-address-ipv4": "127.0.0.1", "bind-address-ipv6": "::1", "peer-port": peerPort,
            "peer-port-random-on-start": false, "port-forwarding-enabled": false,
            "rpc-bind-address": "127.0.0.1", "rpc-port": controlPort, "rpc-enabled": true,
            "rpc-whitelist-enabled": false, "rpc-host-whitelist-enabled": false,
            "rpc-authentication-required": false, "dht-enabled": false, "lpd-enabled": false,
            "pex-enabled": false, "utp-enabled": false,
            "encryption": encryption == .off ? 0 : encryption == .prefer ? 1 : 2,
            "download-dir": folder, "incomplete-dir-enabled": false, "preallocation": 0,
            "rename-partial-files": false, "start-added-torrents": true,
            "ratio-limit-enabled": false, "idle-seeding-limit-enabled": false,
            "blocklist-enabled": false, "watch-dir-enabled": false, "message-level": 2,
            "cache-size-mb": 4,
        ]
        let text = try JSONSerialization.data(withJSONObject: settings)
        try text.write(to: URL(fileURLWithPath: configuration + "/settings.json"))
        process = try ChildProcess(
            ["transmission-daemon", "--foreground", "--config-dir", configuration])
        address = PeerAddress(port: peerPort)
        control = "127.0.0.1:\(controlPort)"
        let child = process
        try Deadline().wait(for: "transmission-daemon to listen: \(child.transcript)") {
            if child.hasEnded { throw RealClientError("it ended: \(child.transcript)") }
            return FreePort.isListening(controlPort) && FreePort.isListening(peerPort)
        }
        try ChildProcess.output(
            of: ["transmission-remote", control, "--add", source, "--download-dir", folder])
        if isSeed { try waitUntilComplete() }
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
        let result = try? ChildProcess.run(
            ["transmission-remote", control, "--torrent", "all", "--info"])
        return result?.output ?? ""
    }

    private func field(_ name: String) -> String? {
        for line in state().split(separator: "\n") {
            let text = line.trimmingCharacters(in: .whitespaces)
            if text.hasPrefix(name + ": ") { return String(text.dropFirst(name.count + 2)) }
        }
        return nil
    }
}
