import ControlAPI
import Glibc
import PieceStorage
import Reactor
import TorrentCore

/// `swarmfs verify`: hashes what is cached again, as fsck looks at a filesystem.
enum VerifyCommand: Command {
    private enum Status {
        static let corrected: Int32 = 1
        static let damaged: Int32 = 4
        static let failed: Int32 = 8
        static let usage: Int32 = 16
    }

    static let definition = CommandDefinition(
        name: "verify", summary: "Hash what is cached again.",
        synopsis: "verify [MOUNTPOINT|TORRENT|--all] [--repair] [options]",
        description: [
            """
            Reads what is cached from the disk, hashes it on all cores, and says which pieces of \
            which files are damaged. What is mounted is verified by the mount's own process, and \
            stays readable meanwhile; what is not is kept from being mounted until the end.
            """,
            """
            --json prints {"torrents": [...]}; each has infohash, name, pieces_checked, \
            bytes_checked, pieces_damaged, is_repaired and files, each with path and pieces. Keys \
            are only ever added.
            """,
        ],
        arguments: [
            .init(text: "MOUNTPOINT", meaning: "Every torrent that is mounted there."),
            .init(
                text: "TORRENT",
                meaning: "An infohash, the first digits of one, or a name, as `cache list` has it."),
        ],
        options: [
            OptionDefinition(
                name: "all", help: "Every torrent of the cache; so does no argument at all."),
            OptionDefinition(
                name: "repair",
                help: "Drop what is damaged: it is fetched again when it is read."),
            .cache, .json,
        ],
        examples: [
            .init(text: "swarmfs verify", meaning: "the whole cache"),
            .init(
                text: "swarmfs verify /mnt/data --repair",
                meaning: "what a mount has cached, and drop what is damaged"),
        ],
        exitCodes: [],
        ownExitCodes: [
            .init(text: "0", meaning: "nothing is damaged"),
            .init(text: "1", meaning: "what was damaged has been dropped (--repair)"),
            .init(text: "4", meaning: "something is damaged"),
            .init(text: "8", meaning: "not everything could be verified"),
            .init(text: "16", meaning: "the command line is wrong"),
        ])

    static func exitStatus(of code: ExitCode) -> Int32 {
        code == .usage ? Status.usage : Status.failed
    }

    static func run(_ arguments: ParsedArguments) throws(Failure) {
        try expect(arguments, 0...1, "at most one MOUNTPOINT or TORRENT")
        guard arguments.positionals.isEmpty || !arguments.has("all") else {
            throw Failure(
                .usage, "verify got --all and \(arguments.positionals[0])", "give one of them")
        }
        let cache = try CacheActionArguments(torrents: arguments.positionals, arguments)
        let client = TaskClient()
        var report = VerifyReport()
        var failures: [Failure] = []
        for target in try targets(cache) {
            do throws(Failure) {
                let results = try verify(target, cache, client, isRepair: arguments.has("repair"))
                report.add(results)
                guard !cache.isJSON else { continue }
                for result in results {
                    StandardStreams.write(VerifyReport.text(result), to: STDOUT_FILENO)
                }
            } catch {
                failures.append(error)
                if client.isInterrupted { break }
            }
        }
        if cache.isJSON {
            JSONOutput.print(report)
        } else if report.torrents.isEmpty, failures.isEmpty {
            StandardStreams.print("The cache is empty.")
        }
        if report.hasDamage, !cache.isJSON {
            StandardStreams.print("run it with --repair to drop what is damaged")
        }
        for failure in failures { failure.report() }
        exit(status(report, hasFailures: !failures.isEmpty))
    }

    /// As fsck(8): a sum of conditions.
    private static func status(_ report: VerifyReport, hasFailures: Bool) -> Int32 {
        (report.hasRepairs ? Status.corrected : 0) | (report.hasDamage ? Status.damaged : 0)
            | (hasFailures ? Status.failed : 0)
    }

    private static func targets(_ cache: CacheActionArguments) throws(Failure) -> [VerifyTarget] {
        if let text = cache.torrents.first {
            let path = Mountpoint.known(as: text)
            if (try? ControlClient().status(of: path)) != nil {
                return [.mounted(mountpoint: path, torrent: nil)]
            }
            let torrents = try CacheListing.torrents(cache)
            return [target(try CacheSelection.find(text, among: torrents))]
        }
        // The last used one last: being verified counts as a use, so the order stays.
        return try CacheListing.torrents(cache).reversed().map(target)
    }

    private static func target(_ torrent: CachedTorrent) -> VerifyTarget {
        guard let mountpoint = torrent.holder?.mountpoint else { return .cached(torrent) }
        return .mounted(mountpoint: mountpoint, torrent: torrent.identity.description)
    }

    private static func verify(
        _ target: VerifyTarget, _ cache: CacheActionArguments, _ client: TaskClient, isRepair: Bool
    ) throws(Failure) -> [TorrentVerification] {
        switch target {
        case .mounted(let mountpoint, let torrent):
            var bar = ProgressBar(mountpoint)
            defer { bar.end() }
            let task = ControlTask.verify(torrent: torrent, repair: isRepair)
            let status = try client.run(task, at: mountpoint) { status in
                bar.show(status.done, of: status.total)
            }
            return status.verification ?? []
        case .cached(let torrent):
            let bar = Locked(ProgressBar(torrent.title))
            defer { bar.withLock { $0.end() } }
            let verification = DirectVerification(
                inventory: try cache.inventory(), isRepair: isRepair, client: client)
            return [
                try verification.run(torrent) { done, total in
                    bar.withLock { $0.show(done, of: total) }
                }
            ]
        }
    }
}
