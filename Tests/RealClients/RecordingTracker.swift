/// A small tracker, over HTTP and UDP, that tells what was announced to it, in order.
package struct RecordingTracker: Sendable {
    /// One announce, with the fields of an HTTP query; binary ones in hexadecimal.
    package struct Announce: Decodable, Sendable {
        /// Its path.
        package let path: String
        /// The query's fields by name.
        package let fields: [String: String]
        /// The address that it came from.
        package let from: String

        /// `started`, `completed`, `stopped`, or nothing.
        package var event: String? { fields["event"] }
        /// Bytes that the peer lacks.
        package var left: Int? { fields["left"].flatMap { Int($0) } }
    }

    /// Its port.
    package let port: UInt16
    /// The program, for its output and its end.
    package let process: ChildProcess

    private struct Listening: Decodable { let port: UInt16 }

    /// The announce URL.
    package var url: String { "http://127.0.0.1:\(port)/announce" }

    /// - Parameters:
    ///   - peers: given to everyone who asks.
    ///   - interval: seconds until the next announce is wanted.
    ///   - failures: how many announces are first answered with status 503, or not at all over UDP.
    ///   - addresses: where it is, in `network`; without any, on the loopback device.
    package init(
        peers: [PeerAddress] = [], interval: Int = 1800, failures: Int = 0,
        at addresses: [String] = [], in network: NetworkNamespace? = nil
    ) throws {
        var command = PythonScript.recordingTracker.command
        command += ["--interval", String(interval), "--fail", String(failures)]
        for peer in peers { command += ["--peer", peer.host, String(peer.port)] }
        for address in addresses { command += ["--bind", address] }
        process = try ChildProcess(network?.command(command) ?? command)
        port = try process.waitForEvent("listening", as: Listening.self).port
    }

    /// All announces so far.
    package func announces() throws -> [Announce] {
        try process.events("announce", as: Announce.self)
    }

    /// Waits for an announce.
    @discardableResult
    package func wait(
        where condition: (Announce) -> Bool = { _ in true }
    ) throws -> Announce {
        try process.waitForEvent("announce", as: Announce.self, where: condition)
    }
}
