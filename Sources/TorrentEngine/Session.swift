import Metainfo
package import PieceStorage
import Reactor
package import Swarm
import Synchronization
import TorrentCore

/// The engine: torrents, the peers they talk to, and the cache they fill.
///
/// Start one for a process; it owns an event loop per shard, the hash and disk pools, the HTTP
/// client and the cache directory. All methods are safe from any thread.
package final class Session: Sendable {
    /// How long trackers are given to hear `stopped`: one round trip to any of them, and the whole
    /// shutdown stays under five seconds.
    private static let stopLimit = Interval.seconds(2.5)

    /// How long the cache is given to write and sync what has been verified; the rest is fetched
    /// again next time.
    private static let closeLimit = Interval.seconds(1.5)

    let configuration: SessionConfiguration
    let shard: Shard
    let http: HTTPClient
    /// Nil in a session that only seeds.
    let cache: CacheDirectory?
    let pools: StoragePools
    let stores = Locked<[PieceStore]>([])
    /// Torrents whose stores are being opened.
    let opening = Locked<Set<TorrentIdentity>>([])
    private let loop: EventLoop
    private let resolver: Resolver
    private let nextID = Atomic<UInt32>(0)
    let isStopped = Atomic(false)
    /// The port on which peers can reach this session; 0 where it does not listen.
    package let listenPort: UInt16
    /// Nil where no router is asked.
    let portMapper: PortMapper?

    /// Opens the cache, binds the listeners and starts the threads.
    package init(_ configuration: SessionConfiguration) async throws(SessionError) {
        self.configuration = configuration
        do throws(StorageError) {
            let policy = try Self.cachePolicy(configuration)
            if let path = configuration.cacheDirectory {
                cache = try CacheDirectory(
                    path: path, policy: policy, limits: configuration.cacheLimits)
            } else {
                cache = nil
            }
        } catch {
            throw .cacheUnusable(error.description)
        }
        do throws(SystemError) {
            var storage = StorageConfiguration()
            storage.bufferBytes = configuration.bufferBytes
            pools = try StoragePools(configuration: storage)
            loop = try EventLoop(name: "shard")
            resolver = try Resolver()
        } catch {
            throw .system(error.description)
        }
        do {
            http = try HTTPClient(
                userAgent: Self.userAgent, authorities: configuration.authorities)
        } catch {
            throw .system("cannot start the HTTP client: \(error)")
        }
        var random = SystemRandomNumberGenerator()
        let mailbox = Mailbox<ShardMessage>(loop: loop)
        shard = Shard(
            loop: loop, mailbox: mailbox, configuration: configuration,
            peerID: PeerID(random: &random), http: http, resolver: resolver)
        do throws(SystemError) {
            try loop.run(shard)
            listenPort = try await shard.listen(
                on: configuration.isOffline ? [] : configuration.listen.flatMap(\.endpoints),
                mayChooseOtherPort: configuration.mayChooseOtherPort)
        } catch {
            loop.stop()
            http.stop()
            resolver.stop()
            throw .cannotListen("cannot \(error): choose another port with --listen [ADDR]:PORT")
        }
        portMapper = Self.portMapper(configuration, port: listenPort, mailbox: mailbox)
    }

    /// The program's version.
    package static let version = "0.1.0"
    /// What HTTP servers are told this client is.
    package static let userAgent = "swarmfs/" + version
    /// What peers are told this client is (BEP 10).
    package static let clientName = "swarmfs " + version

    /// How full the cache is; nil in a session that only seeds. As of a second ago at most.
    package var cacheUsage: CacheUsage? { cache?.usage }

    /// The figures of every torrent that is ready.
    package func statistics() async -> [TorrentStatistics] { await shard.statistics() }

    /// Connections over all torrents.
    package var connectionLimit: Int { configuration.connectionLimit }

    /// How fast the session may be now.
    package var limits: RateLimits {
        get async { await shard.limits }
    }

    /// Changes how fast the session may be, from this moment on.
    package func changeLimits(_ change: @Sendable (inout RateLimits) -> Void) async {
        await shard.changeLimits(change)
    }

    /// Ends everything: connections are closed, trackers told, the cache synced. Takes at most four
    /// seconds; nothing is sent afterwards. A second call does nothing.
    package func stop() async {
        guard !isStopped.exchange(true, ordering: .acquiringAndReleasing) else { return }
        portMapper?.stop()
        await shard.stop(within: Self.stopLimit)
        loop.stop()
        http.stop()
        resolver.stop()
        await closeStores()
    }

    /// Writes and syncs what has been verified. A disk may hold that up for any time, so it has a
    /// thread of its own, and whoever waits waits on another: neither belongs to Swift's pool, and
    /// nobody waits longer than `closeLimit`.
    private func closeStores() async {
        let deadline = Timestamp.now() + Self.closeLimit
        let isDone = Condition(false)
        let (stores, pools) = (stores.withLock { $0 }, pools)
        let close: @Sendable () -> Void = {
            for store in stores { store.close(until: deadline) }
            pools.stop()
            isDone.update { $0 = true }
        }
        await withCheckedContinuation { continuation in
            do throws(SystemError) {
                _ = try Thread(name: "close", body: close)
                _ = try Thread(name: "close-wait") { [portMapper] in
                    _ = isDone.wait(until: deadline, { $0 ? true : nil })
                    portMapper?.wait(until: deadline)
                    continuation.resume()
                }
            } catch {
                Log.error("the cache is not written: \(error)")
                continuation.resume()
            }
        }
    }

    private static func cachePolicy(
        _ configuration: SessionConfiguration
    ) throws(StorageError) -> CachePolicy {
        var policy = CachePolicy()
        policy.mountpoint = configuration.mountpoint
        policy.isOffline = configuration.isOffline
        policy.borrowsPieces = true
        guard configuration.verifiesOnce else { return policy }
        do throws(SystemError) {
            policy.verifiedSince = try .current()
        } catch {
            throw .system(error)
        }
        return policy
    }

    func makeID() -> TorrentID {
        TorrentID(nextID.add(1, ordering: .relaxed).newValue)
    }
}
