import Glibc
import Metainfo
import Reactor
import TorrentCore
import TorrentEngine

/// Shares data on disk until a signal comes.
struct SeedProcess {
    private enum Event: Sendable {
        case progress(TorrentProgress)
        case seeding
        case failed(SessionError)
        case signal
    }

    /// How often the line of figures on a terminal changes.
    private static let displayInterval = Interval.seconds(1)

    private let options: SeedOptions
    private let events = EventQueue<Event>()

    init(_ options: SeedOptions) { self.options = options }

    func run() throws(Failure) {
        try configureLog()
        let metainfo = try TorrentFileReading.read(options.torrentFile)
        do throws(SystemError) {
            // Before any other thread starts, so that all of them leave signals to this one.
            try SignalSource().watch { [events] _ in events.post(.signal) }
        } catch {
            throw Failure(.failure, error.description, "try again")
        }
        let session = try EngineStart.session(
            cacheDirectory: nil, listen: options.listen, peers: options.peers,
            trackers: options.trackers, isUploadEnabled: true,
            configure: {
                options.manners.apply(to: &$0)
                // Who has the data vouches for the torrent.
                $0.allowsPrivateURLs = true
            })
        var display = ProgressDisplay()
        defer {
            display.end()
            ShutdownWatchdog.arm(mountpoint: nil)
            Blocking.wait { await session.stop() }
        }
        try seed(metainfo, session, &display)
    }

    private func seed(
        _ metainfo: TorrentMetainfo, _ session: Session, _ display: inout ProgressDisplay
    ) throws(Failure) {
        Task.detached { [events, options] in
            do throws(SessionError) {
                _ = try await session.seed(
                    metainfo, dataPath: options.dataPath, trust: options.trustsData
                ) { events.post(.progress($0)) }
                events.post(.seeding)
            } catch {
                events.post(.failed(error))
            }
        }
        let name = Failure.printable(String(decoding: metainfo.info.name, as: UTF8.self))
        var isSeeding = false
        while true {
            let look = isSeeding && display.isLive ? Timestamp.now() + Self.displayInterval : nil
            switch events.next(until: look) {
            case .progress(let state): display.show("\(name): \(MountProgress.text(state))")
            case .failed(let error): throw Failure(error)
            case .signal: return
            case .seeding:
                isSeeding = true
                display.end()
                let figures = figures(session)
                if figures.isEmpty {
                    throw Failure(
                        .failure, "nothing at \(options.dataPath) is data of \(name)",
                        "give --data the file or directory that the torrent was made of")
                }
                let port = session.listenPort
                StandardStreams.print(
                    "seeding \(name) (\(figures.share)) on port \(port), end with Ctrl-C")
            case nil: display.show(figures(session).line)
            }
        }
    }

    /// What of the data is right, and a line for the terminal.
    private func figures(
        _ session: Session
    ) -> (isEmpty: Bool, share: String, line: String) {
        let all = Blocking.wait(atMost: .seconds(1)) { await session.statistics() } ?? []
        guard let torrent = all.first else { return (true, "0 %", "") }
        let share = StatusPage.percent(torrent.cachedBytes, of: torrent.size)
        let line =
            "\(share) there, \(torrent.peers) peer\(torrent.peers == 1 ? "" : "s"), "
            + "up \(ByteSize.describe(Int64(torrent.uploadRate)))/s, "
            + "\(ByteSize.describe(torrent.uploaded)) sent"
        return (torrent.cachedBytes == 0 && torrent.size > 0, share, line)
    }

    private func configureLog() throws(Failure) {
        guard let file = options.logFile else { return Log.configure(level: options.logLevel) }
        // The log is open as long as the process lives.
        Log.configure(level: options.logLevel, descriptor: try LogFile.open(file).release())
    }
}
