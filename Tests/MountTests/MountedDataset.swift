import RealClients

/// A dataset, its torrent, a libtorrent that seeds it, and a mount of it: what most tests here need.
struct MountedDataset {
    let data: Dataset
    let torrent: TorrentFile
    let seeder: any RunningPeer
    let mount: Mount

    init(
        _ kind: DatasetKind, in bed: TestBed, seed: UInt64 = 1, pieceLength: Int = 65_536,
        version: TorrentFile.Version = .v1, options: [String] = []
    ) throws {
        data = try bed.dataset(kind, seed: seed)
        torrent = try bed.torrent(of: data, version: version, pieceLength: pieceLength)
        seeder = try bed.seeder(.libtorrent, torrent, data)
        mount = try bed.mount([torrent.path], options: options, peers: [seeder.address])
    }

    /// The path of `large.bin` in the mount.
    var large: String { mount.path("dataset/large.bin") }
    /// The path of `large.bin`'s source.
    var largeSource: String { data.parent + "/dataset/large.bin" }
}
