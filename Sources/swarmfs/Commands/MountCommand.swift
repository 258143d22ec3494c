import Glibc
import Reactor

/// `swarmfs mount`: mounts torrents, in the background unless told otherwise.
enum MountCommand: Command {
    /// Given by the program to itself: the pipe on which the background process reports.
    static let readinessOption = "readiness-descriptor"

    static let definition = CommandDefinition(
        name: "mount", summary: "Mount torrents as a read-only directory.",
        synopsis: "mount SOURCE... MOUNTPOINT [options]",
        description: [
            """
            Mounts each SOURCE below MOUNTPOINT, one entry a torrent, named as the torrent is \
            named. Returns when the mount can be used; the process lives on in the background, \
            reads what is asked for from the swarm, verifies it, keeps it in the cache, and seeds \
            what it has until `swarmfs unmount`.
            """
        ],
        arguments: [
            .init(
                text: "SOURCE",
                meaning: """
                    An infohash (40 or 64 hexadecimal digits), a magnet link (quote it), a \
                    .torrent file, or the http(s) URL of one.
                    """),
            .init(text: "MOUNTPOINT", meaning: "An empty directory."),
        ],
        options: [
            OptionDefinition(
                name: "peer", value: "HOST:PORT",
                help: "Connect to this peer, besides those that trackers name. Repeatable."),
            .tracker, .listen, .encryption, .noUTP, .noDHT, .dhtBootstrap, .noLocalDiscovery,
            .localDiscoveryInterface, .noPortMapping, .webSeed, .metadataURL, .localURLs,
            .authorities,
            OptionDefinition(
                name: "cache", value: "DIR",
                help:
                    "Keep verified data there. Default: $XDG_CACHE_HOME/swarmfs or ~/.cache/swarmfs."
            ),
            OptionDefinition(
                name: "cache-size", value: "SIZE",
                help: """
                    Keep at most SIZE on disk, over all mounts that use the cache; what was least \
                    recently used goes first. Default: no limit but --cache-free.
                    """),
            OptionDefinition(
                name: "cache-free", value: "SIZE|PERCENT",
                help: """
                    Leave so much of the cache's disk to others, like 20G or 10%. Default: 5%.
                    """),
            OptionDefinition(
                name: "memory", value: "SIZE",
                help: """
                    Let pieces that are being received, verified and written take so much memory, \
                    over all torrents; each torrent may have four pieces anyway. Default: 64MiB.
                    """),
            OptionDefinition(
                name: "verify", value: "WHEN",
                help: """
                    once: hash each cached piece again before it is first used since the machine \
                    was started; one that is damaged is dropped and fetched again. never: rely on \
                    what was verified when it came. Default: never.
                    """),
            OptionDefinition(
                name: "offline",
                help: """
                    Use no network at all: what is cached can be read, anything else fails at once \
                    with "Network is unreachable". --peer, --tracker and --listen do nothing then.
                    """),
            OptionDefinition(name: "no-upload", help: "Send no data to peers."),
            OptionDefinition(
                name: "read-timeout", value: "TIME",
                help: """
                    A read that waits longer fails (EIO), and the log says why it waited. 0 waits \
                    for ever. Default: 5m.
                    """),
            OptionDefinition(
                name: "wait-timeout", value: "TIME",
                help: """
                    Give up mounting when a torrent's metadata has not arrived by then. 0 waits \
                    for ever. Default: 5m.
                    """),
            OptionDefinition(
                name: "allow-other",
                help: """
                    Let other users read the mount. Needs root, or user_allow_other in \
                    /etc/fuse.conf.
                    """),
            OptionDefinition(
                name: "no-passthrough",
                help: """
                    Read complete files through our process too, where the kernel could read them \
                    from the cache by itself.
                    """),
            OptionDefinition(
                name: "foreground", letter: "f",
                help: "Stay in the foreground, log to standard error; Ctrl-C unmounts."),
            OptionDefinition(
                name: "log-level", value: "LEVEL",
                help: "error, warning, info or debug. Default: info."),
            OptionDefinition(
                name: "log-file", value: "FILE", help: "Append the log to FILE. Default: see Files."
            ),
            OptionDefinition(
                name: readinessOption, value: "NUMBER", help: "Internal.", isHidden: true),
        ] + OptionDefinition.limits,
        examples: [
            .init(text: "swarmfs mount imagenet.torrent /mnt/data", meaning: "a .torrent file"),
            .init(
                text: "swarmfs mount 'magnet:?xt=urn:btih:...' /mnt/data",
                meaning: "a magnet link, quoted for the shell"),
            .init(
                text: "swarmfs mount 9a4f...e1 /mnt/data --peer 192.0.2.7:6881",
                meaning: "an infohash, from a peer that is known to have it"),
            .init(
                text: "swarmfs mount 9a4f...e1 /mnt/data --offline",
                meaning: "what is cached of a torrent, without any network"),
            .init(
                text: "swarmfs mount a.torrent b.torrent /mnt/data --cache /fast/cache",
                meaning: "two torrents side by side, cached on another disk"),
        ],
        places: [
            .init(
                text: "$XDG_CACHE_HOME/swarmfs (~/.cache/swarmfs)",
                meaning: "verified data and what is known of each torrent"),
            .init(
                text: "$XDG_STATE_HOME/swarmfs/NAME.log (~/.local/state/swarmfs/NAME.log)",
                meaning: """
                    the log of a mount in the background; NAME is the mountpoint with - for /. \
                    Started anew beyond 16 MiB, the old one kept as NAME.log.old
                    """),
            .init(
                text: RuntimePlaces.text,
                meaning: "the control socket that `status` and `unmount` use"),
        ],
        exitCodes: ExitCode.allCases)

    static func run(_ arguments: ParsedArguments) throws(Failure) {
        try expect(arguments, 2...Int.max, "a SOURCE and a MOUNTPOINT")
        let options = try MountOptions(arguments)
        if let descriptor = options.readinessDescriptor {
            BackgroundProcess.enter(options, reportingTo: descriptor)
        }
        _ = try SourceCheck.parse(options.sources)
        let mountpoint = try Mountpoint(options.mountpoint)
        try mountpoint.prepare(options)
        if options.isForeground {
            if let file = options.logFile {
                // Safe to give up: the log is open as long as the process lives.
                Log.configure(level: options.logLevel, descriptor: try LogFile.open(file).release())
            } else {
                Log.configure(level: options.logLevel)
            }
            try MountProcess(options, mountpoint, ForegroundReporter()).run()
        } else {
            try BackgroundMount(options, mountpoint).run()
        }
    }
}
