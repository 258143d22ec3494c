import Foundation
import RealClients
import Testing

@Suite(
    "A mount whose machine loses its network", .realClients,
    .enabled(if: NetworkNamespace.isPermitted, "network namespaces need root"))
struct NetworkLossTests {
    private static let size = 8_000_000

    /// Reads in a program of its own, as a user would; its exit code, or the time-out's 124.
    private func read(_ path: String, megabyte: Int, seconds: Int) throws -> ChildProcess.Result {
        try ChildProcess.run(
            [
                "timeout", String(seconds), "dd", "if=\(path)", "of=/dev/null", "bs=1M",
                "count=1", "skip=\(megabyte)",
            ], environment: ["LC_ALL": "C"], endsWithTest: true)
    }

    @Test func `reads what is cached, fails the rest at once, and goes on when it is back`() throws
    {
        try TestBed.run { bed in
            let machines = try TwoMachines()
            bed.atEnd { machines.end() }
            let data = try bed.dataset(.large(Self.size), seed: 71)
            let torrent = try bed.torrent(of: data)
            let seeder = try LibtorrentPeer(
                source: torrent.path, folder: data.parent, isSeed: true,
                host: machines.thereAddress, network: machines.there)
            bed.atEnd { seeder.end() }
            let command = bed.swarmfs.at(machines.hereAddress, in: machines.here)
            let mount = try bed.mount(
                [torrent.path],
                options: [
                    "--no-dht", "--no-lsd",
                    "--no-port-mapping",
                ],
                peers: [seeder.address], with: command)
            let large = mount.path("dataset/large.bin")
            let source = data.parent + "/dataset/large.bin"
            let prefetch = try bed.swarmfs.run(["prefetch", large, "--range", "0-2M"])
            #expect(prefetch.exitCode == 0, "\(prefetch.errors)")

            try machines.setConnected(false)
            // It waits, as nobody knows yet for how long the network will be away.
            let waiting = try ChildProcess(["cat", large], environment: ["LC_ALL": "C"])
            let ended = try waiting.wait()
            #expect(ended.exitCode == 1)
            #expect(ended.errors.contains("Network is unreachable"), "\(ended.errors)")
            #expect(try mount.torrent().state == "disconnected")
            #expect(
                try FileComparison.read(large, at: 0, length: 1_900_000)
                    == FileComparison.read(source, at: 0, length: 1_900_000))
            // Less than it takes to find out that the network is away: at once.
            let refused = try read(large, megabyte: 5, seconds: 2)
            #expect(refused.exitCode == 1, "\(refused.errors)")
            #expect(refused.errors.contains("Network is unreachable"), "\(refused.errors)")
            #expect(bed.swarmfs.log.contains("this machine has no network"))
            #expect(bed.swarmfs.log.contains("large.bin: a read failed"))

            try machines.setConnected(true)
            try mount.wait(for: "the network") { $0.state != "disconnected" }
            #expect(FileComparison.difference(large, source) == nil)
            try mount.end()
        }
    }
}
