import Glibc
package import Metainfo
import PieceStorage
import Reactor
import Synchronization
import TorrentCore
import TorrentCrypto

extension Session {
    /// How long a server may take to send a .torrent file.
    private static let fetchTimeout = Interval.seconds(60)

    /// Adds a torrent; returns when its metadata is there and it can be read. May wait for peers as
    /// long as the task is not cancelled; `progress` is told what for, on any thread.
    package func add(
        _ source: TorrentSource, progress: @escaping @Sendable (TorrentProgress) -> Void
    ) async throws(SessionError) -> SessionTorrent {
        switch source {
        case .file(let path):
            return try await add(Self.parse(Self.readFile(path), from: path), magnet: nil)
        case .url(let url):
            guard !configuration.isOffline else {
                throw .offline("\(url) cannot be fetched, as --offline allows no network")
            }
            let response = try await fetch(url, publicOnly: false)
            return try await add(
                Self.parse(response.body, from: url), magnet: nil,
                isFromPrivateNetwork: response.isFromPrivateNetwork)
        case .identity(let identity):
            return try await add(identity, magnet: nil, progress: progress)
        case .magnet(let magnet):
            return try await add(magnet.identity, magnet: magnet, progress: progress)
        }
    }

    /// Adds a torrent whose data the user has: it is checked (unless `trust`), then served.
    package func seed(
        _ metainfo: TorrentMetainfo, dataPath: String, trust: Bool,
        progress: @escaping @Sendable (TorrentProgress) -> Void
    ) async throws(SessionError) -> SessionTorrent {
        let store: PieceStore
        do throws(StorageError) {
            store = try PieceStore(
                metainfo: metainfo, location: .data(dataPath), pools: pools)
            if trust {
                try store.trust()
            } else {
                try store.check(progress: {
                    progress(.checking(done: $0, total: $1))
                })
            }
        } catch {
            throw .dataUnusable(error.description)
        }
        stores.withLock { $0.append(store) }
        return try await start(metainfo, store: store, id: makeID(), magnet: nil)
    }

    // MARK: - By infohash

    private func add(
        _ identity: TorrentIdentity, magnet: MagnetLink?,
        progress: @escaping @Sendable (TorrentProgress) -> Void
    ) async throws(SessionError) -> SessionTorrent {
        if let metainfo = cache?.metainfo(for: identity) {
            return try await add(metainfo, magnet: magnet)
        }
        guard !configuration.isOffline else {
            throw .offline(
                "torrent \(identity) is not in the cache, and --offline allows no network")
        }
        let id = makeID()
        let sources = sources(metainfo: nil, magnet: magnet, isComplete: false)
        let shard = self.shard
        let found = Locked<TorrentMetainfo?>(nil)
        let urls = metadataURLs(for: identity, magnet: magnet)
        let search = Locked<Task<Void, Never>?>(nil)
        defer { search.withLock { $0?.cancel() } }
        let bytes: [UInt8]
        do throws(SessionError) {
            bytes = try await Self.cancellable {
                await shard.remove(id)
            } operation: { () async throws(SessionError) in
                try await shard.fetchMetadata(
                    id, identity: identity, sources: sources, progress: progress
                ) {
                    guard !urls.isEmpty else { return }
                    let task = Task {
                        guard let metainfo = await self.searchMetadata(identity, at: urls) else {
                            return
                        }
                        found.withLock { $0 = metainfo }
                        // It begins anew, as its trackers are known now.
                        await shard.remove(id)
                    }
                    search.withLock { $0 = task }
                }
            }
        } catch {
            guard let metainfo = found.withLock({ $0 }), !Task.isCancelled else { throw error }
            return try await add(metainfo, magnet: magnet)
        }
        return try await start(bytes, of: identity, id: id, magnet: magnet)
    }

    /// Goes on with a torrent whose metadata peers gave.
    private func start(
        _ metadata: [UInt8], of identity: TorrentIdentity, id: TorrentID, magnet: MagnetLink?
    ) async throws(SessionError) -> SessionTorrent {
        let info: InfoDictionary
        do throws(MetainfoError) {
            info = try InfoDictionary(parsing: metadata, hashing: OpenSSLHashing())
        } catch {
            await shard.remove(id)
            throw .sourceUnusable("the metadata of \(identity) is no torrent: \(error)")
        }
        let metainfo = TorrentMetainfo(
            info: info, announceTiers: magnet?.trackers.map { [$0] } ?? [],
            webSeeds: magnet?.webSeeds ?? [])
        do {
            let store = try open(metainfo)
            try await shard.start(id, metainfo: metainfo, store: store)
            return SessionTorrent(
                metainfo: metainfo, store: store, id: id, selection: magnet?.selection)
        } catch {
            await shard.remove(id)
            throw error
        }
    }

    /// Runs `operation`; where the task is cancelled meanwhile, runs `cancel` to end it.
    private static func cancellable(
        _ cancel: @escaping @Sendable () async -> Void,
        operation: () async throws(SessionError) -> [UInt8]
    ) async throws(SessionError) -> [UInt8] {
        let result: Result<[UInt8], SessionError> = await withTaskCancellationHandler {
            do throws(SessionError) {
                return .success(try await operation())
            } catch {
                return .failure(error)
            }
        } onCancel: {
            Task { await cancel() }
        }
        return try result.get()
    }

    // MARK: - By metainfo

    private func add(
        _ metainfo: TorrentMetainfo, magnet: MagnetLink?, isFromPrivateNetwork: Bool = false
    ) async throws(SessionError) -> SessionTorrent {
        try await shard.refuseDouble(metainfo.info.identity)
        let store = try open(metainfo)
        return try await start(
            metainfo, store: store, id: makeID(), magnet: magnet,
            isFromPrivateNetwork: isFromPrivateNetwork)
    }

    private func start(
        _ metainfo: TorrentMetainfo, store: PieceStore, id: TorrentID, magnet: MagnetLink?,
        isFromPrivateNetwork: Bool = false
    ) async throws(SessionError) -> SessionTorrent {
        try await shard.add(
            id, metainfo: metainfo, store: store,
            sources: sources(
                metainfo: metainfo, magnet: magnet,
                isComplete: store.obtainable.isFull, isFromPrivateNetwork: isFromPrivateNetwork))
        return SessionTorrent(
            metainfo: metainfo, store: store, id: id, mayNamePrivateServers: isFromPrivateNetwork,
            selection: magnet?.selection)
    }

    private func open(_ metainfo: TorrentMetainfo) throws(SessionError) -> PieceStore {
        guard !isStopped.load(ordering: .acquiring) else { throw .cancelled }
        guard let cache else { throw .cacheUnusable("there is no cache directory: name one") }
        let identity = metainfo.info.identity
        // Here as well as on the shard: the same torrent twice would find its own lock on the cache.
        let isFirst = opening.withLock { opening in
            !stores.withLock { $0.contains { $0.metainfo.info.identity == identity } }
                && opening.insert(identity).inserted
        }
        guard isFirst else { throw .givenTwice(identity) }
        defer { _ = opening.withLock { $0.remove(identity) } }
        do throws(StorageError) {
            let store = try PieceStore(metainfo: metainfo, location: .cache(cache), pools: pools)
            stores.withLock { $0.append(store) }
            return store
        } catch {
            throw .cacheUnusable(error.description)
        }
    }

    private func sources(
        metainfo: TorrentMetainfo?, magnet: MagnetLink?, isComplete: Bool,
        isFromPrivateNetwork: Bool = false
    ) -> TorrentSources {
        if configuration.isOffline {
            return TorrentSources(
                trackerTiers: [], peers: [], magnetPeers: [], isUploadEnabled: false,
                isPrivate: metainfo?.info.isPrivate ?? false, isComplete: isComplete)
        }
        var tiers = metainfo?.announceTiers ?? []
        tiers += magnet?.trackers.map { [$0] } ?? []
        tiers += configuration.trackers.map { [$0] }
        return TorrentSources(
            trackerTiers: tiers, peers: configuration.peers, magnetPeers: magnet?.peers ?? [],
            dhtNodes: metainfo?.dhtNodes ?? [],
            webSeeds: configuration.webSeeds + (magnet?.webSeeds ?? []),
            userURLs: Set(configuration.trackers + configuration.webSeeds),
            allowsPrivateURLs: configuration.allowsPrivateURLs || isFromPrivateNetwork,
            isUploadEnabled: configuration.isUploadEnabled,
            isPrivate: metainfo?.info.isPrivate ?? false, isComplete: isComplete)
    }

    static func parse(_ bytes: [UInt8], from source: String) throws(SessionError)
        -> TorrentMetainfo
    {
        do throws(MetainfoError) {
            return try TorrentMetainfo(parsing: bytes, hashing: OpenSSLHashing())
        } catch {
            throw .sourceUnusable("\(source) is no torrent: \(error)")
        }
    }

    private static func readFile(_ path: String) throws(SessionError) -> [UInt8] {
        do throws(SystemError) {
            return try FileContents.read(path, limit: MetainfoLimits.standard.bytes)
        } catch {
            throw .sourceUnusable("\(error)")
        }
    }

    func fetch(
        _ url: String, publicOnly: Bool
    ) async throws(SessionError) -> HTTPResponse {
        let request = HTTPRequest(
            url: url, byteLimit: MetainfoLimits.standard.bytes, timeout: Self.fetchTimeout,
            publicOnly: publicOnly)
        let started = Locked<HTTPRequestID?>(nil)
        let http = self.http
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let id = http.get(request) { continuation.resume(returning: $0) }
                started.withLock { $0 = id }
                if Task.isCancelled { http.cancel(id) }
            }
        } onCancel: {
            if let id = started.withLock({ $0 }) { http.cancel(id) }
        }
        switch result {
        case .success(let response): return response
        case .failure where Task.isCancelled: throw .cancelled
        case .failure(let error): throw .sourceUnusable("\(url): \(error)")
        }
    }
}
