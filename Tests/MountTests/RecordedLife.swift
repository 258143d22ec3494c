import Foundation
import Metainfo
import PieceStorage
import Reactor
import RealClients
import SimulatedDisk
import Testing
import TorrentCore
import TorrentCrypto

/// What some mounts of one torrent did to their cache, and what a power loss would have left of it.
struct RecordedLife {
    let torrent: TorrentFile

    private let disk: SimulatedDisk
    private let metainfo: TorrentMetainfo
    private let data: Dataset

    /// Three mounts: one ends after the first half, one is killed after more, one reads the rest.
    init(in bed: TestBed, size: Int, pieceLength: Int, options: [String] = []) throws {
        try self.init(
            in: bed, data: bed.dataset(.large(size), seed: 11), version: .v1,
            pieceLength: pieceLength, options: options, killing: 1
        ) { life, path in
            let end = [size / 2, size * 3 / 4, size][life]
            for start in stride(from: 0, to: end, by: size / 20) {
                let length = min(size / 20, end - start)
                _ = try FileComparison.read(path, at: start, length: length)
            }
        }
    }

    /// Three mounts of a v2 torrent: what is read is single blocks here and there, then some whole
    /// pieces, then blocks again; the last mount is killed.
    init(
        readingBlocksIn bed: TestBed, size: Int, pieceLength: Int, reads: Int, options: [String]
    ) throws {
        var random = SplitMix64(state: 13)
        try self.init(
            in: bed, data: bed.dataset(.large(size), seed: 12), version: .v2,
            pieceLength: pieceLength, options: options, killing: 2
        ) { life, path in
            for _ in 0..<reads {
                let place = Int(random.next() % UInt64(size - 4096))
                _ = try FileComparison.read(path, at: place, length: 4096)
            }
            if life == 1 {
                _ = try FileComparison.read(path, at: size / 2, length: 4 * pieceLength)
            }
        }
    }

    /// Three mounts of a torrent of one large file, of which one is killed.
    private init(
        in bed: TestBed, data: Dataset, version: TorrentFile.Version, pieceLength: Int,
        options: [String], killing killed: Int,
        reading: (_ life: Int, _ path: String) throws -> Void
    ) throws {
        self.data = data
        torrent = try bed.torrent(of: data, version: version, pieceLength: pieceLength)
        metainfo = try TorrentMetainfo(
            parsing: Array(Data(contentsOf: URL(fileURLWithPath: torrent.path))),
            hashing: OpenSSLHashing())
        let seeder = try bed.seeder(.libtorrent, torrent, data)
        let log = try bed.newFolder("log") + "/disk.log"
        let command = bed.swarmfs.recordingDisk(to: log)
        for life in 0..<3 {
            let mount = try bed.mount(
                [torrent.path], options: options, peers: [seeder.address], with: command)
            try reading(life, mount.path("dataset/large.bin"))
            if life == killed {
                try DiskLog.holding(log, mount.killProcess)
            } else {
                try mount.end()
            }
        }
        disk = SimulatedDisk(try DiskLog(path: log))
    }

    /// So many moments, spread over the whole.
    func moments(_ count: Int) -> [Int] {
        let step = max(1, disk.eventCount / count)
        return Array(stride(from: 0, through: disk.eventCount, by: step)) + [disk.eventCount]
    }

    /// The pieces that a new process finds after a power loss. Each byte of them is compared.
    func cached(
        losing loss: PowerLoss, _ moment: Int, _ random: inout SplitMix64
    ) throws -> Set<Int> {
        try inspect(losing: loss, moment, &random) { store in
            Set(metainfo.info.geometry.pieces.filter { store.has($0) }.map(\.value))
        }
    }

    /// How many bytes a new process finds after a power loss, in single blocks too. Each is compared.
    func cachedBytes(
        losing loss: PowerLoss, _ moment: Int, _ random: inout SplitMix64
    ) throws -> Int64 {
        try inspect(losing: loss, moment, &random) { $0.cachedBytes }
    }

    private func inspect<Result>(
        losing loss: PowerLoss, _ moment: Int, _ random: inout SplitMix64,
        _ body: (PieceStore) -> Result
    ) throws -> Result {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try disk.lose(loss, after: moment, using: &random, into: folder.path)
        let pools = try StoragePools(configuration: StorageConfiguration())
        defer { pools.stop() }
        let store = try PieceStore(
            metainfo: metainfo, location: .cache(CacheDirectory(path: folder.path)), pools: pools)
        defer { _ = store.close(until: .now() + .seconds(60)) }
        for file in data.regularFiles where file.size > 0 {
            try compare(file, in: store, after: moment)
        }
        return body(store)
    }

    /// Reads the file in small parts, so that a missing piece hides little.
    private func compare(_ file: DatasetFile, in store: PieceStore, after moment: Int) throws {
        let source = try Data(contentsOf: URL(fileURLWithPath: data.path(of: file)))
        let index = try #require(
            metainfo.info.layout.files.first {
                metainfo.info.layout.path(of: $0).last == Array(file.path.utf8)
            })
        var buffer = [UInt8](repeating: 0, count: 16_384)
        for start in stride(from: 0, to: source.count, by: buffer.count) {
            let outcome = buffer.withUnsafeMutableBytes {
                store.read(index, offset: Int64(start), into: $0)
            }
            guard case .bytes(let count) = outcome else { continue }
            let isEqual = source[start..<min(start + buffer.count, source.count)]
                .withUnsafeBytes { part in
                    // memcmp, since debug builds compare byte by byte.
                    part.count == count && part.baseAddress.map { memcmp($0, buffer, count) } == 0
                }
            #expect(isEqual, "\(file.path) at \(start), after \(moment) events")
        }
    }
}
