import Foundation
import Metainfo
import PieceStorage
import Reactor
import Testing
import TorrentCore
import TorrentCrypto
import TorrentEngine

/// A dataset, its torrent, and sessions on loopback that seed and read it.
final class Swarmlet {
    let folder: URL
    let metainfo: TorrentMetainfo
    /// The files' bytes, by path in the torrent.
    let files: [String: Data]
    private var sessions: [Session] = []
    private var cacheCount = 0

    /// Writes files of the given sizes with bytes that follow from the seed, and makes a torrent.
    init(
        sizes: [String: Int], pieceLength: Int = 32 * 1024, version: TorrentVersion = .v1,
        seed: UInt64 = 1, isPrivate: Bool = false
    ) throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("swarmfs-engine-\(UUID().uuidString)")
        var random = SeededRandom(seed: seed)
        var files: [String: Data] = [:]
        for (path, size) in sizes.sorted(by: { $0.key < $1.key }) {
            var bytes = [UInt8]()
            bytes.reserveCapacity(size + 8)
            while bytes.count < size { bytes.appendBigEndian(random.next()) }
            bytes.removeLast(bytes.count - size)
            files[path] = Data(bytes)
            let url = folder.appendingPathComponent("data/set/\(path)")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: url)
        }
        self.files = files
        var options = TorrentOptions()
        options.version = version
        options.pieceLength = pieceLength
        options.isPrivate = isPrivate
        metainfo = try TorrentCreator(
            path: folder.appendingPathComponent("data/set").path, options: options
        ).create()
    }

    /// A session on a loopback port of its own with a cache of its own, or the one named.
    func session(
        peers: [UInt16] = [], cache: String? = nil, isUploadEnabled: Bool = true
    ) async throws -> Session {
        try await session(cache: cache) {
            $0.peers = peers.map { "127.0.0.1:\($0)" }
            $0.isUploadEnabled = isUploadEnabled
        }
    }

    /// The same, with its configuration changed by `change`.
    func session(
        cache: String? = nil, _ change: (inout SessionConfiguration) -> Void
    ) async throws -> Session {
        cacheCount += 1
        var configuration = SessionConfiguration(
            cacheDirectory: folder.appendingPathComponent(cache ?? "cache-\(cacheCount)").path)
        configuration.listen = [ListenAddress(address: .loopbackV4, port: 0)]
        configuration.seed = UInt64(cacheCount)
        configuration.allowsPrivateURLs = true
        change(&configuration)
        let session = try await Session(configuration)
        sessions.append(session)
        return session
    }

    /// A session that seeds the data.
    func seeder() async throws -> Session {
        let session = try await session()
        try await seed(with: session)
        return session
    }

    /// Has a session seed the data.
    func seed(with session: Session) async throws {
        _ = try await session.seed(
            metainfo, dataPath: folder.appendingPathComponent("data/set").path, trust: false
        ) { _ in }
    }

    /// Adds the torrent to a session, from its file.
    func add(to session: Session) async throws -> SessionTorrent {
        let path = folder.appendingPathComponent("set.torrent").path
        try Data(metainfo.encoded()).write(to: URL(fileURLWithPath: path))
        return try await session.add(.file(path)) { _ in }
    }

    /// Reads a file's bytes as FUSE does: what is there, then a wait for what is missing. On a
    /// thread of its own, since it blocks.
    func read(
        _ torrent: SessionTorrent, _ path: String, offset: Int64 = 0, count: Int? = nil,
        patience: Interval = .seconds(Wire.patience)
    ) async throws -> Data {
        try await reading(torrent, path, offset: offset, count: count, patience: patience).value
    }

    /// Begins to do so.
    func reading(
        _ torrent: SessionTorrent, _ path: String, offset: Int64 = 0, count: Int? = nil,
        patience: Interval = .seconds(Wire.patience)
    ) throws -> Task<Data, any Error> {
        let layout = torrent.metainfo.info.layout
        let file = try #require(
            layout.files.first {
                layout.path(of: $0).map { String(decoding: $0, as: UTF8.self) }
                    .joined(separator: "/") == path
            })
        let length = count ?? Int(layout.length(of: file) - offset)
        let store = torrent.store
        let read: @Sendable () -> Result<Data, SystemError> = {
            Self.read(store, file, offset: offset, count: length, until: .now() + patience)
        }
        return Task { @Sendable in try await blocking(read).get() }
    }

    private static func read(
        _ store: PieceStore, _ file: FileIndex, offset: Int64, count: Int, until deadline: Timestamp
    ) -> Result<Data, SystemError> {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
        defer { buffer.deallocate() }
        while true {
            switch store.read(file, offset: offset, into: buffer) {
            case .bytes(let count): return .success(Data(buffer[..<count]))
            case .failed(let code): return .failure(SystemError(code, "read file \(file)"))
            case .missing(let pieces):
                let arrived = Condition(false)
                let wait = store.wait(
                    for: pieces, of: file, bytes: offset..<offset + Int64(count),
                    completion: { arrived.update { $0 = true } })
                guard let wait else { continue }
                if arrived.wait(until: deadline, { $0 ? true : nil }) == nil {
                    let path = store.metainfo.info.layout.path(of: file).map {
                        String(decoding: $0, as: UTF8.self)
                    }
                    store.reportTimeout(wait, pieces: pieces, path: path.joined(separator: "/"))
                    _ = store.cancelWait(wait)
                    return .failure(SystemError(110, "read file \(file)"))
                }
            }
        }
    }

    /// Compares every file.
    func expectWhole(_ torrent: SessionTorrent) async throws {
        for (path, bytes) in files {
            #expect(try await read(torrent, path) == bytes, "\(path)")
        }
    }

    /// Ends the sessions and removes everything.
    func end() async {
        for session in sessions { await session.stop() }
        try? FileManager.default.removeItem(at: folder)
    }
}
