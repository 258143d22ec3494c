import ControlAPI
import FUSEBridge
import Metainfo
import Reactor
import TorrentCore
import TorrentEngine
import TorrentTree

/// Serves one mount from its first peer to its end, on the calling thread.
///
/// Everything that happens arrives in one queue and is handled in order: progress of the sources,
/// signals, requests from the control socket, the end of the mount.
struct MountProcess {
    private enum Event: Sendable {
        case progress(source: Int, TorrentProgress)
        case added(source: Int, SessionTorrent)
        case notAdded(source: Int, SessionError)
        case signal(Int32)
        case unmountRequested
        case unmounted
    }

    /// An unmount takes milliseconds, and the engine needs up to four of the five seconds that the
    /// whole shutdown may take; see `ShutdownWatchdog`.
    private static let unmountPatience = Interval.seconds(1)
    /// How soon it is noticed that the starting process is gone.
    private static let lookInterval = Interval.seconds(1)

    private let options: MountOptions
    private let mountpoint: Mountpoint
    private let reporter: any MountReporter
    private let events = EventQueue<Event>()

    init(_ options: MountOptions, _ mountpoint: Mountpoint, _ reporter: any MountReporter) {
        self.options = options
        self.mountpoint = mountpoint
        self.reporter = reporter
    }

    /// Returns after the shutdown; fails where the mount never came to be.
    func run() throws(Failure) {
        let sources = try SourceCheck.parse(options.sources)
        do throws(SystemError) {
            // Before any other thread starts, so that all of them leave signals to this one.
            try SignalSource().watch { [events] in events.post(.signal($0)) }
        } catch {
            throw Failure(.failure, error.description, "try again")
        }
        let session = try EngineStart.session(
            cacheDirectory: options.cacheDirectory, listen: options.listen, peers: options.peers,
            trackers: options.trackers, isUploadEnabled: options.isUploadEnabled
        ) { configuration in
            configuration.mountpoint = mountpoint.path
            configuration.cacheLimits = options.cacheLimits
            if let memory = options.memory { configuration.bufferBytes = memory }
            configuration.verifiesOnce = options.verifiesOnce
            configuration.isOffline = options.isOffline
            options.manners.apply(to: &configuration)
            options.servers.apply(to: &configuration)
        }
        do throws(Failure) {
            let torrents = try add(sources, to: session)
            try serve(torrents, session)
        } catch {
            ShutdownWatchdog.arm(mountpoint: nil)
            Blocking.wait { await session.stop() }
            throw error
        }
    }

    // MARK: - Before the mount

    private func add(
        _ sources: [TorrentSource], to session: Session
    ) throws(Failure) -> [SessionTorrent] {
        let tasks = sources.enumerated().map { index, source in
            Task.detached { [events] in
                do throws(SessionError) {
                    let torrent = try await session.add(source) {
                        events.post(.progress(source: index, $0))
                    }
                    events.post(.added(source: index, torrent))
                } catch {
                    events.post(.notAdded(source: index, error))
                }
            }
        }
        defer { for task in tasks { task.cancel() } }
        let deadline = options.waitTimeout.map { Timestamp.now() + $0 }
        var progress = MountProgress(sources)
        var torrents = [SessionTorrent?](repeating: nil, count: sources.count)
        while torrents.contains(where: { $0 == nil }) {
            // Looks now and then whether anybody still waits for the mount.
            let look = Timestamp.now() + Self.lookInterval
            switch events.next(until: min(deadline ?? look, look)) {
            case .progress(let source, let state): progress.update(source, state)
            case .added(let source, let torrent):
                progress.update(source, .ready)
                torrents[source] = torrent
            case .notAdded(_, let error): throw Failure(error)
            case .signal, .unmountRequested: throw interrupted
            case .unmounted: break
            case nil:
                if let deadline, deadline <= .now() { throw timedOut(progress) }
            }
            if !progress.isReady, !reporter.progress(progress.text) { throw interrupted }
        }
        return torrents.compactMap { $0 }
    }

    private var interrupted: Failure {
        Failure(.failure, "interrupted before the mount was ready", "nothing is mounted")
    }

    private func timedOut(_ progress: MountProgress) -> Failure {
        let waited = TimeSpan.describe(seconds: Int((options.waitTimeout ?? .zero).seconds))
        let (label, text) = progress.waiting ?? ("the torrent", "waiting")
        return Failure(
            .metadata, "no metadata of \(label) after \(waited), still \(text)",
            "name a --peer or --tracker that has it, or raise --wait-timeout")
    }

    // MARK: - The mount

    private func serve(_ torrents: [SessionTorrent], _ session: Session) throws(Failure) {
        let tree = DirectoryTree(
            torrents: torrents.map { TreeTorrent($0.metainfo, selection: $0.selection) })
        let tasks = MountTasks(
            torrents: torrents, tree: tree, patience: options.bridge.readTimeout)
        let mountControl = MountControl(
            session: session, tasks: tasks, mountpoint: mountpoint.path,
            cacheDirectory: options.cacheDirectory
        ) { [events] in events.post(.unmountRequested) }
        let control = try startControl(mountControl)
        let fileSystem: MountedFileSystem
        do throws(Failure) {
            fileSystem = try mount(torrents, tree)
            tasks.mounted(fileSystem)
        } catch {
            control.stop()
            throw error
        }
        mountControl.mounted(fileSystem.passthroughState)
        let description = describe(torrents)
        Log.info("\(description), process ready, port \(session.listenPort)")
        if let note = options.servers.note(on: torrents, trackers: options.trackers) {
            Log.warning(note)
            reporter.note(note)
        }
        reporter.ready(description)
        waitForEnd()
        ShutdownWatchdog.arm(mountpoint: mountpoint.path)
        tasks.end()
        unmount(fileSystem)
        Blocking.wait { await session.stop() }
        Log.info("unmounted \(mountpoint.path)")
        control.stop()
        // The claim on the mountpoint is left to end with the process: whoever waits for it finds
        // nothing of us left, the cache's catalogue included.
        _ = Unmanaged.passRetained(control)
    }

    private func startControl(_ control: MountControl) throws(Failure) -> ControlServer {
        do throws(ControlError) {
            return try ControlServer(
                directory: .current, mountpoint: mountpoint.path, control: control)
        } catch .alreadyServed {
            throw Failure(
                .mount, "swarmfs is already mounted at \(mountpoint.path)",
                "run `swarmfs unmount \(mountpoint.path)` first, or choose another directory")
        } catch {
            throw Failure(
                .failure, "\(error)", "set XDG_RUNTIME_DIR to a directory of this user")
        }
    }

    private func mount(
        _ torrents: [SessionTorrent], _ tree: DirectoryTree
    ) throws(Failure) -> MountedFileSystem {
        let fileSystem: MountedFileSystem
        do throws(SystemError) {
            fileSystem = try MountedFileSystem(
                tree: tree, contents: torrents.map(\.store), options: options.bridge)
        } catch {
            throw Failure(.mount, error.description, "check the limits of this machine")
        }
        do throws(MountError) {
            try fileSystem.mount(at: mountpoint.path) { [events] _ in events.post(.unmounted) }
        } catch {
            throw Failure(.mount, message: error.description)
        }
        return fileSystem
    }

    /// Fails what waits and unmounts. A file system that takes long for it does not keep the peers
    /// from hearing of the end in time.
    private func unmount(_ fileSystem: MountedFileSystem) {
        let isDone = Condition(false)
        let thread = try? Thread(name: "unmount") {
            fileSystem.unmount()
            isDone.update { $0 = true }
        }
        if thread == nil { return fileSystem.unmount() }
        _ = isDone.wait(until: .now() + Self.unmountPatience) { $0 ? true : nil }
    }

    private func waitForEnd() {
        while true {
            switch events.next() {
            case .signal(let number):
                Log.info("ending after signal \(number)")
                return
            case .unmountRequested:
                Log.info("ending as asked by `swarmfs unmount`")
                return
            case .unmounted:
                Log.info("ending, as the directory was unmounted")
                return
            case .progress, .added, .notAdded, nil: continue
            }
        }
    }

    /// `imagenet is mounted at /mnt/data (1.09 TiB, 1281167 files)`.
    private func describe(_ torrents: [SessionTorrent]) -> String {
        var files = 0
        var bytes: Int64 = 0
        for torrent in torrents {
            let layout = torrent.metainfo.info.layout
            for number in 0..<layout.count {
                let file = FileIndex(number)
                guard !layout.attributes(of: file).contains(.padding) else { continue }
                files += 1
                bytes += layout.length(of: file)
            }
        }
        let name =
            torrents.count == 1
            ? "\(String(decoding: torrents[0].metainfo.info.name, as: UTF8.self)) is"
            : "\(torrents.count) torrents are"
        let count = "\(files) file\(files == 1 ? "" : "s")"
        return Failure.printable(
            "\(name) mounted at \(mountpoint.path) (\(ByteSize.describe(bytes)), \(count))")
    }
}
