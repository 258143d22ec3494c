import Glibc
import Reactor
import TestPeer
import TorrentCore

/// JSON lines on standard output.
enum Report {
    static func printListening(_ ports: [UInt16]) {
        let list = ports.map { String($0) }.joined(separator: ",")
        write("{\"event\":\"listening\",\"ports\":[\(list)]}\n")
    }

    /// Where nodes of the DHT are.
    static func printListening(_ nodes: [Endpoint]) {
        let list = nodes.map { "\"\($0)\"" }.joined(separator: ",")
        write("{\"event\":\"listening\",\"addresses\":[\(list)]}\n")
    }

    /// The sum, and each peer's own.
    static func printFigures(_ peers: [TestPeerCounters]) {
        var total = TestPeerCounters()
        for peer in peers { total += peer }
        let each = peers.map { "{\(fields($0))}" }.joined(separator: ",")
        write("{\"event\":\"figures\",\(fields(total)),\"peers\":[\(each)]}\n")
    }

    private static func fields(_ counters: TestPeerCounters) -> String {
        let fields: KeyValuePairs = [
            "connections": counters.connections, "requests": counters.requests,
            "blocks": counters.blocks, "bytes": counters.bytes, "cancelled": counters.cancelled,
            "late_cancels": counters.lateCancels, "rejected": counters.rejected,
            "duplicates": counters.duplicates,
        ]
        return fields.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
    }

    /// Says on standard error why the process ends, and ends it.
    static func fail(_ text: String, code: Int32) -> Never {
        write("swarmfs-test-peer: \(text)\n", to: STDERR_FILENO)
        exit(code)
    }

    private static func write(_ text: String, to descriptor: Int32 = STDOUT_FILENO) {
        // Nobody is left to be told of a failure.
        _ = FileTransfer.write(Array(text.utf8), to: descriptor)
    }
}
