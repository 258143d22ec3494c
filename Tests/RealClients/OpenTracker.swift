import Foundation

/// opentracker on loopback, HTTP and UDP on the same port. Debian's build serves only the torrents
/// of a whitelist, so the infohashes come first.
package struct OpenTracker: Sendable {
    /// Its port on the loopback device.
    package let port: UInt16
    /// The program, for its output and its end.
    package let process: ChildProcess

    /// The announce URL over HTTP.
    package var httpURL: String { "http://127.0.0.1:\(port)/announce" }
    /// The announce URL over UDP.
    package var udpURL: String { "udp://127.0.0.1:\(port)/announce" }

    /// What a tracker knows of a swarm.
    package struct Scrape: Equatable, Sendable {
        /// Peers that have everything.
        package let seeders: Int
        /// The other peers.
        package let leechers: Int

        /// Counts to compare with.
        package init(seeders: Int, leechers: Int) {
            self.seeders = seeders
            self.leechers = leechers
        }
    }

    /// - Parameters:
    ///   - infohashes: 40 hexadecimal digits each.
    ///   - port: chosen beforehand, because torrents are made with the tracker's URL in them.
    ///   - folder: an empty folder of its own.
    package init(infohashes: [String], port: UInt16, folder: String) throws {
        let whitelist = folder + "/whitelist"
        try infohashes.joined(separator: "\n").appending("\n")
            .write(toFile: whitelist, atomically: true, encoding: .utf8)
        var command = [
            "opentracker", "-i", "127.0.0.1", "-p", String(port), "-P", String(port),
            "-u", "nobody", "-w", whitelist, "-d", folder,
        ]
        if geteuid() == 0 {
            // Dropped before, not by, the tracker: changing users forgets whose death to follow.
            let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"]
            command = ["setpriv"] + nobody + ["--pdeathsig", "KILL", "--"] + command
        }
        process = try ChildProcess(command)
        self.port = port
        let child = process
        try Deadline().wait(for: "opentracker to listen: \(child.transcript)") {
            if child.hasEnded { throw RealClientError("it ended: \(child.transcript)") }
            return FreePort.isListening(port)
        }
    }

    /// Asks the tracker for its counts of a torrent.
    package func scrape(_ infohash: String) throws -> Scrape {
        var escaped = ""
        for (index, digit) in infohash.enumerated() {
            if index % 2 == 0 { escaped += "%" }
            escaped.append(digit)
        }
        let reply = try ChildProcess.output(of: [
            "curl", "-s", "http://127.0.0.1:\(port)/scrape?info_hash=\(escaped)",
        ])
        return Scrape(
            seeders: Self.count("8:completei", in: reply),
            leechers: Self.count("10:incompletei", in: reply))
    }

    /// Waits until the tracker's counts are as told.
    package func wait(for scrape: Scrape, of infohash: String) throws {
        var last = Scrape(seeders: -1, leechers: -1)
        try Deadline().wait(for: "\(scrape) at opentracker, last \(last)") {
            last = try self.scrape(infohash)
            return last == scrape
        }
    }

    private static func count(_ key: String, in reply: String) -> Int {
        guard let place = reply.range(of: key) else { return 0 }
        return Int(reply[place.upperBound...].prefix { $0.isNumber }) ?? 0
    }
}
