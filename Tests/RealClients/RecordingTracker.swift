/// A small HTTP tracker that tells what was announced to it, in order.
package struct RecordingTracker: Sendable {
    /// One announce, with the query's fields as they came; binary ones in hexadecimal.
    package struct Announce: Decodable, Sendable {
        /// Its path.
        package let path: String
        /// The query's fields by name.
        package let fields: [String: String]

        /// `started`, `completed`, `stopped`, or nothing.
        package var event: String? { fields["event"] }
        /// Bytes that the peer lacks.
        package var left: Int? { fields["left"].flatMap { Int($0) } }
    }

    /// Its port on the loopback device.
    package let port: UInt16
    /// The program, for its output and its end.
    package let process: ChildProcess

    private struct Listening: Decodable { let port: UInt16 }

    /// The announce URL.
    package var url: String { "http://127.0.0.1:\(port)/announce" }

    /// - Parameters:
    ///   - peers: given to everyone who asks.
    ///   - interval: seconds until the next announce is wanted.
    ///   - failures: how many announces are first answered with status 503.
    package init(peers: [PeerAddress] = [], interval: Int = 1800, failures: Int = 0) throws {
        var command = PythonScript.recordingTracker.command
        command += ["--interval", String(interval), "--fail", String(failures)]
        for peer in peers { command += ["--peer", peer.host, String(peer.port)] }
        process = try ChildProcess(command)
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
