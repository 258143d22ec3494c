import Foundation

/// aria2 with DHT, LPD and PEX off. It finds peers through trackers only, or is dialled.
package struct AriaPeer: RunningPeer, Sendable {
    /// Where it accepts connections.
    package let address: PeerAddress
    /// The program, for its output and its end.
    package let process: ChildProcess

    /// - Parameter source: a .torrent file or a magnet link.
    package init(source: String, folder: String, isSeed: Bool) throws {
        let port = try FreePort.next()
        var command = [
            "aria2c", "--no-conf=true", "--dir=\(folder)", "--listen-port=\(port)",
            "--interface=127.0.0.1", "--disable-ipv6=true", "--enable-dht=false",
            "--enable-dht6=false", "--bt-enable-lpd=false", "--enable-peer-exchange=false",
            "--bt-require-crypto=false", "--bt-min-crypto-level=plain", "--file-allocation=none",
            "--allow-overwrite=true", "--summary-interval=1", "--show-console-readout=false",
            "--enable-color=false", "--console-log-level=notice", "--follow-torrent=mem",
            "--bt-stop-timeout=0",
        ]
        command +=
            isSeed
            ? ["--check-integrity=true", "--seed-ratio=0.0", "--bt-seed-unverified=false"]
            : ["--seed-time=0"]
        process = try ChildProcess(command + [source])
        address = PeerAddress(port: port)
        let child = process
        try Deadline().wait(for: "aria2 to listen: \(child.transcript)") {
            if child.hasEnded { throw RealClientError("it ended: \(child.transcript)") }
            return FreePort.isListening(port)
        }
    }

    /// A leecher of ours ends when it has everything.
    package func waitUntilComplete() throws {
        let result = try process.wait(seconds: 3 * Deadline.generous)
        guard result.exitCode == 0 else {
            throw RealClientError("aria2: \(result.ending)\n\(result.output)")
        }
    }

    /// Waits until it has at least one piece.
    package func waitForProgress() throws {
        // "[#2089b0 16KiB/1.0MiB(1%) CN:1 SD:0 DL:16KiB]"
        _ = try process.wait(for: "progress", seconds: 3 * Deadline.generous) { transcript in
            transcript.split(separator: "\n").last {
                $0.hasPrefix("[#") && $0.contains("/") && !$0.contains(" 0B/")
            }
        }
    }
}
