import Glibc
import Reactor
import TorrentCore

/// The foreground side of a mount: starts the process that will serve it, shows its progress, and
/// returns when the mount can be used.
struct BackgroundMount {
    /// The process ends itself within 5 s of a signal; then it is killed.
    private static let endPatience = Interval.seconds(6)

    private let options: MountOptions
    private let mountpoint: Mountpoint

    init(_ options: MountOptions, _ mountpoint: Mountpoint) {
        self.options = options
        self.mountpoint = mountpoint
    }

    func run() throws(Failure) {
        let logPath = try LogFile.path(options.logFile, mountpoint: mountpoint.path)
        let log = try LogFile.open(logPath)
        let end: BackgroundProcess.End
        let process: BackgroundProcess
        let signals: SignalSource
        do throws(SystemError) {
            signals = try SignalSource()
            process = try BackgroundProcess(log: log)
        } catch {
            throw Failure(.failure, error.description, "try again, or use --foreground")
        }
        var display = ProgressDisplay()
        var notes: [String] = []
        end = process.follow(signals, note: { notes.append($0) }, progress: { display.show($0) })
        display.end()
        for note in notes { StandardStreams.write("swarmfs: \(note)\n", to: STDERR_FILENO) }
        switch end {
        case .ready(let text): StandardStreams.print(text)
        case .failed(let code, let text):
            process.waitForEnd(Self.endPatience)
            throw Failure(code, message: text)
        case .ended(let status):
            throw Failure(
                .failure, "the mount's process ended early (\(status))",
                "its log \(logPath) may say why")
        case .interrupted:
            process.terminate(Self.endPatience)
            throw Failure(
                .failure, "interrupted before the mount was ready", "nothing is mounted")
        }
    }
}
