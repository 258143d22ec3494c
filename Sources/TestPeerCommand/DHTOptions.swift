import TorrentCore

/// The command line of `swarmfs-test-peer dht`.
struct DHTOptions {
    static let usage = """
        usage: swarmfs-test-peer dht --nodes N [--network A.B.C] [--port PORT] \
        [--bootstrap ADDR:PORT]...

        Runs N nodes of a local DHT, each on a loopback or private address of its own (A.B.C.1 and so \
        on, default 127.0.1), all at the same port or (default) at free ones. Without a bootstrap node the others begin with the first. Prints a JSON line with \
        their addresses, and ends at the end of standard input.
        """

    var count = 0
    var network: [UInt8] = [127, 0, 1]
    var port: UInt16 = 0
    var bootstrap: [Endpoint] = []

    /// From the arguments after `dht`.
    init(_ arguments: [String]) throws(UsageError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard let value = rest.popFirst() else { throw UsageError("\(argument) has no value") }
            switch argument {
            case "--nodes":
                guard let number = Int(value), (1...250).contains(number) else {
                    throw UsageError("--nodes \(value) is no number of nodes from 1 to 250")
                }
                count = number
            case "--network":
                let bytes = value.split(separator: ".").compactMap { UInt8($0) }
                guard bytes.count == 3, bytes[0] == 127 || bytes[0] == 10 else {
                    throw UsageError("--network \(value) is not 127.B.C or 10.B.C")
                }
                network = bytes
            case "--port":
                guard let number = UInt16(value) else {
                    throw UsageError("--port \(value) is no port")
                }
                port = number
            case "--bootstrap":
                guard let endpoint = Endpoint(value) else {
                    throw UsageError("--bootstrap \(value) is not ADDR:PORT")
                }
                bootstrap.append(endpoint)
            default: throw UsageError("unknown option \(argument)")
            }
        }
        guard count > 0 else { throw UsageError("--nodes is needed") }
    }
}
