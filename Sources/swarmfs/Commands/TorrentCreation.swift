import Metainfo
import PieceStorage
import Reactor
import TorrentCore

/// Hashes a file or directory and writes the .torrent file.
struct TorrentCreation {
    private let options: CreateOptions

    init(_ options: CreateOptions) { self.options = options }

    func run() throws(Failure) {
        // Before the hashing, which may take hours, rather than after it.
        let file = try OutputFile(options.output)
        let metainfo = try make(leavingOut: file.identities)
        try file.finish(metainfo.encoded())
        let identity = metainfo.info.identity
        for hash in [identity.v1?.description, identity.v2?.description].compactMap({ $0 }) {
            StandardStreams.print(hash)
        }
    }

    private func make(
        leavingOut leftOut: Set<FileIdentity>
    ) throws(Failure) -> TorrentMetainfo {
        let creator = TorrentCreator(
            path: options.path, options: torrentOptions, leavingOut: leftOut)
        let signals: SignalSource
        do throws(SystemError) {
            signals = try SignalSource()
            try signals.watch { _ in creator.cancel() }
        } catch {
            throw Failure(.failure, error.description, "try again")
        }
        defer { signals.stop() }
        var display = ProgressDisplay(isSilent: options.isSilent)
        let start = Timestamp.now()
        defer { display.end() }
        do throws(CreationError) {
            return try creator.create { display.show(Self.describe($0, since: start)) }
        } catch .cancelled {
            display.end()
            throw Failure(.failure, "interrupted", "\(options.output) was not written")
        } catch {
            display.end()
            throw Failure(.failure, "no torrent was made: \(error)", "check \(options.path)")
        }
    }

    private var torrentOptions: TorrentOptions {
        var result = TorrentOptions()
        result.version =
            switch options.format {
            case .v1: .v1
            case .v2: .v2
            case .hybrid: .hybrid
            }
        result.pieceLength = options.pieceLength
        result.announceTiers = options.announceTiers
        result.webSeeds = options.webSeeds
        result.isPrivate = options.isPrivate
        result.comment = options.comment
        result.createdBy = "swarmfs \(Version.current)"
        result.creationDate = options.creationDate
        result.source = options.source
        return result
    }

    /// `hashing [#####.....] 42.0 %, 1.31 GiB/s`, short enough for any terminal.
    private static func describe(_ progress: CreationProgress, since start: Timestamp) -> String {
        let width = 24
        let share = StatusPage.percent(progress.bytes, of: progress.totalBytes)
        let part = Double(progress.bytes) / Double(max(progress.totalBytes, 1))
        let filled = max(0, min(width, Int(part * Double(width))))
        let bar =
            String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
        let seconds = max((Timestamp.now() - start).seconds, 0.001)
        let rate = ByteSize.describe(Int64(Double(progress.bytes) / seconds))
        return "hashing [\(bar)] \(share), \(rate)/s"
    }
}
