import Glibc
import Metainfo
import Reactor
import Synchronization
import TestPeer
import TorrentCore
import TorrentCrypto

/// The command `swarmfs-test-peer`: seeders of any quality, for measurements.
@main
struct Main {
    private static let longestTorrent = 256 << 20

    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.isEmpty || arguments.contains("--help") || arguments.contains("-h") {
            print(Options.usage + "\n\n" + DHTOptions.usage)
            return
        }
        do {
            if arguments.first == "dht" {
                return try run(try DHTOptions(Array(arguments.dropFirst())))
            }
            try run(try Options(arguments))
        } catch let error as UsageError {
            Report.fail(error.text, code: 2)
        } catch {
            Report.fail("\(error)", code: 1)
        }
    }

    private static func run(_ options: Options) throws {
        SignalSource.ignoreBrokenPipes()
        let signals = try SignalSource()
        let file = try FileContents.read(options.torrent, limit: longestTorrent)
        let metainfo = try TorrentMetainfo(parsing: file, hashing: OpenSSLHashing())
        let info = metainfo.info
        let data = try SeededData(info, path: options.data)
        let loop = try EventLoop(name: "peers")
        let peers = TestPeers(metainfo, data: data, behaviours: options.behaviours, loop: loop)
        try signals.watch { _ in end(peers, loop) }
        try loop.run(peers)
        if !options.isDetached {
            while let line = readLine() {
                guard line.isEmpty else { continue }
                peers.wantsFigures.store(true, ordering: .releasing)
                loop.wake()
            }
            end(peers, loop)
        }
        while true { pause() }
    }

    private static func run(_ options: DHTOptions) throws {
        let loop = try EventLoop(name: "nodes")
        try loop.run(DHTNodes(options, loop: loop))
        while readLine() != nil {}
    }

    private static func end(_ peers: TestPeers, _ loop: EventLoop) {
        peers.shouldEnd.store(true, ordering: .releasing)
        loop.wake()
    }
}
