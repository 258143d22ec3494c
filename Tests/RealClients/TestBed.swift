import Foundation

/// All that one test starts, ended in reverse order, by process id, when the test is over.
///
/// A watchdog breaks mounts that hang: their waiting requests fail, so that the test fails and
/// nothing is left in the kernel.
package final class TestBed {
    /// All that the test makes.
    package let folder: TemporaryFolder
    /// The command under test.
    package let swarmfs: Swarmfs
    private var endings: [() -> Void] = []
    private var count = 0

    /// Runs a test with a bed of its own.
    package static func run(
        limit: Double = 240, _ body: (TestBed) throws -> Void
    ) throws {
        let bed = try TestBed()
        let watchdog = Watchdog(folder: bed.folder.path, swarmfs: bed.swarmfs, limit: limit)
        defer {
            bed.end()
            watchdog.stop()
            if ProcessInfo.processInfo.environment["SWARMFS_TEST_KEEP"] == nil {
                bed.folder.remove()
            }
        }
        do {
            try body(bed)
        } catch {
            let log = bed.swarmfs.log.split(separator: "\n").suffix(40).joined(separator: "\n")
            throw RealClientError("\(error)\n--- swarmfs's log ends:\n\(log)")
        }
        if watchdog.hasBarked { throw RealClientError("the test took more than \(limit) s") }
    }

    private init() throws {
        folder = try TemporaryFolder()
        swarmfs = try Swarmfs(in: folder)
    }

    /// Does something when the test is over, before what was noted earlier.
    package func atEnd(_ action: @escaping () -> Void) {
        endings.append(action)
    }

    private func end() {
        while let ending = endings.popLast() { ending() }
        for entry in MountTable.entries(below: folder.path) { MountTable.abort(entry) }
        for pid in swarmfs.processes() { kill(pid, SIGKILL) }
    }

    /// A new empty folder.
    package func newFolder(_ name: String) throws -> String {
        count += 1
        return try folder.makeFolder("\(name)-\(count)")
    }

    // MARK: - Data

    /// Writes a dataset.
    package func dataset(
        _ kind: DatasetKind, name: String = "dataset", seed: UInt64 = 1
    ) throws -> Dataset {
        try Dataset(kind, name: name, in: newFolder("source"), seed: seed)
    }

    /// Makes a dataset's torrent.
    package func torrent(
        of dataset: Dataset, version: TorrentFile.Version = .v1, pieceLength: Int = 65_536,
        trackers: [String] = [], isPrivate: Bool = false
    ) throws -> TorrentFile {
        try TorrentFile(
            of: dataset, at: newFolder("torrent") + "/\(dataset.name).torrent", version: version,
            pieceLength: pieceLength, trackers: trackers, isPrivate: isPrivate)
    }

    // MARK: - The other side

    /// A network of the test's own.
    package func network() throws -> NetworkNamespace {
        let network = try NetworkNamespace()
        atEnd { network.end() }
        return network
    }

    /// A real client that seeds a dataset.
    package func seeder(
        _ client: RealClient, _ torrent: TorrentFile, _ dataset: Dataset,
        _ options: PeerOptions = PeerOptions()
    ) throws -> any RunningPeer {
        try peer(
            client, source: torrent.path, folder: dataset.parent, isSeed: true, options: options)
    }

    /// A real client that has nothing yet; returns it and its download folder.
    package func leecher(
        _ client: RealClient, source: String, _ options: PeerOptions = PeerOptions()
    ) throws -> (peer: any RunningPeer, folder: String) {
        let folder = try newFolder("download")
        return (
            try peer(client, source: source, folder: folder, isSeed: false, options: options),
            folder
        )
    }

    private func peer(
        _ client: RealClient, source: String, folder: String, isSeed: Bool, options: PeerOptions
    ) throws -> any RunningPeer {
        let peer: any RunningPeer =
            switch client {
            case .libtorrent:
                try LibtorrentPeer(
                    source: source, folder: folder, isSeed: isSeed, host: options.host,
                    peers: options.peers, uploadRate: options.uploadRate,
                    encryption: options.encryption ?? .off,
                    findsLocally: options.discovery.contains(.lsd), transport: options.transport,
                    network: options.network)
            case .transmission:
                try TransmissionPeer(
                    source: source, folder: folder, configuration: newFolder("transmission"),
                    isSeed: isSeed, options: options)
            case .aria2: try AriaPeer(source: source, folder: folder, isSeed: isSeed)
            case .qbittorrent:
                try QBittorrentPeer(
                    source: source, folder: folder, profile: newFolder("qbittorrent"),
                    isSeed: isSeed, options: options)
            }
        atEnd { peer.end() }
        return peer
    }

    /// libtorrent with all its settings.
    package func libtorrent(
        source: String, folder: String, isSeed: Bool, host: String = "127.0.0.1",
        peers: [PeerAddress] = [], uploadRate: Int = 0, encryption: PeerEncryption = .off,
        findsLocally: Bool = false, transport: PeerTransport = .tcp
    ) throws -> LibtorrentPeer {
        let peer = try LibtorrentPeer(
            source: source, folder: folder, isSeed: isSeed, host: host, peers: peers,
            uploadRate: uploadRate, encryption: encryption, findsLocally: findsLocally,
            transport: transport)
        atEnd { peer.end() }
        return peer
    }

    /// opentracker for these torrents.
    package func openTracker(_ infohashes: [String?], port: UInt16) throws -> OpenTracker {
        let tracker = try OpenTracker(
            infohashes: infohashes.compactMap { $0 }, port: port, folder: newFolder("tracker"))
        atEnd { tracker.process.terminate() }
        return tracker
    }

    /// nginx that serves a dataset's folder.
    package func nginx(_ dataset: Dataset) throws -> Nginx {
        let nginx = try Nginx(root: dataset.parent, folder: newFolder("nginx"))
        atEnd { nginx.process.terminate() }
        return nginx
    }

    /// A tracker that tells what it is told.
    package func recordingTracker(
        peers: [PeerAddress] = [], interval: Int = 1800, failures: Int = 0,
        at addresses: [String] = [], in network: NetworkNamespace? = nil
    ) throws -> RecordingTracker {
        let tracker = try RecordingTracker(
            peers: peers, interval: interval, failures: failures, at: addresses, in: network)
        atEnd { tracker.process.terminate() }
        return tracker
    }

    // MARK: - Our side

    /// Mounts sources at a new mountpoint.
    package func mount(
        _ sources: [String], at mountpoint: String? = nil, options: [String] = [],
        peers: [PeerAddress] = [], with command: Swarmfs? = nil,
        seconds: Double = Deadline.generous
    ) throws -> Mount {
        let place = try mountpoint ?? newFolder("mount")
        let dialled = peers.flatMap { ["--peer", $0.description] }
        let command = command ?? swarmfs
        let mount = try Mount(
            sources, at: place, with: command, options: options + dialled, seconds: seconds)
        atEnd { if !mount.isGone { _ = try? mount.end() } }
        return mount
    }

    /// Runs `swarmfs seed` in the foreground and waits until it seeds.
    package func seed(
        _ torrent: String, data: String, options: [String] = [], with command: Swarmfs? = nil
    ) throws -> (process: ChildProcess, address: PeerAddress) {
        let command = command ?? swarmfs
        let process = try command.start(
            ["seed", torrent, "--data", data, "--listen", command.host + ":0"] + options)
        atEnd { process.terminate() }
        // "seeding dataset (100%) on port 50123, end with Ctrl-C"
        let port = try process.wait(for: "\"seeding ... on port\"") { transcript -> UInt16? in
            guard
                let line = transcript.split(separator: "\n").last(where: { $0.contains("seeding ") }
                ),
                let place = line.range(of: " on port ")
            else { return nil }
            return UInt16(line[place.upperBound...].prefix { $0.isNumber })
        }
        return (process, PeerAddress(host: command.host, port: port))
    }

    /// Seeds a dataset's torrent.
    package func seed(
        _ torrent: TorrentFile, _ dataset: Dataset, options: [String] = [],
        with command: Swarmfs? = nil
    ) throws -> (process: ChildProcess, address: PeerAddress) {
        try seed(torrent.path, data: dataset.path, options: options, with: command)
    }
}
