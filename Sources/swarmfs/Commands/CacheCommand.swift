/// `swarmfs cache`: looks at and tidies up what is cached.
enum CacheCommand: Command {
    /// One of the words after `swarmfs cache`.
    private struct Action: Sendable {
        let name: String
        /// How many arguments follow, and what the message calls them.
        let count: ClosedRange<Int>
        let needs: String
        let run: @Sendable (CacheActionArguments) throws(Failure) -> Void
    }

    private static let actions = [
        Action(name: "list", count: 0...0, needs: "nothing more", run: CacheListing.list),
        Action(name: "show", count: 1...1, needs: "a TORRENT", run: CacheListing.show),
        Action(
            name: "remove", count: 1...Int.max, needs: "a TORRENT", run: CacheRemoval.remove),
        Action(
            name: "evict", count: 0...Int.max, needs: "a TORRENT", run: CacheEviction.evict),
        Action(
            name: "path", count: 0...0, needs: "nothing more",
            run: { arguments throws(Failure) in StandardStreams.print(arguments.directory) }),
    ]

    static let definition = CommandDefinition(
        name: "cache", summary: "Show, evict or remove what is cached.",
        synopsis: "cache list|show|evict|remove|path [TORRENT...] [options]",
        description: [
            """
            Looks at the cache directory itself, whether its torrents are mounted or not. What is \
            removed is fetched again when it is read.
            """,
            """
            `list --json` prints {"directory", "torrents": [...]}; each torrent has infohash, \
            infohash_v2 (null for v1), name, size, disk_bytes (real blocks), piece_length, pieces, \
            pieces_cached, added, last_use (seconds since 1970), pid and mountpoint (null where no \
            process has it open). `show --json` prints one torrent with cached_bytes and files, \
            each with path, size, cached_bytes and is_pinned. `evict --json` prints {"bytes", \
            "pieces", "pieces_kept"}, with --to {"bytes", "disk_bytes"}. Keys are only ever added.
            """,
        ],
        arguments: [
            .init(
                text: "list",
                meaning: """
                    Every torrent in the cache, the last used first: its size, what it takes on \
                    disk, how many pieces are cached, when it was last used, who has it open.
                    """),
            .init(text: "show TORRENT", meaning: "One torrent, file by file."),
            .init(
                text: "evict TORRENT|PATH...",
                meaning: """
                    Takes data of torrents, or of files and directories in a mount, off the disk; \
                    torrents stay known and mounted. What is pinned or in use stays. With --to \
                    SIZE instead: what was least recently used, over all torrents.
                    """),
            .init(
                text: "remove TORRENT...",
                meaning: """
                    Removes torrents and their data. One that a process has open is refused: \
                    unmount it first.
                    """),
            .init(text: "path", meaning: "The cache directory's path."),
            .init(
                text: "TORRENT",
                meaning: "An infohash, the first digits of one, or a name, as `list` shows them."),
        ],
        options: [
            .cache, .json,
            OptionDefinition(
                name: "to", value: "SIZE",
                help: "evict: until all torrents together take no more than that on disk."),
            OptionDefinition(
                name: "dry-run", letter: "n", help: "remove: say what would go, remove nothing."),
        ],
        examples: [
            .init(text: "swarmfs cache list", meaning: "what is cached"),
            .init(text: "swarmfs cache remove imagenet", meaning: "remove a torrent by its name"),
            .init(
                text: "swarmfs cache evict --to 50G",
                meaning: "make room, by least recent use"),
            .init(
                text: "swarmfs cache evict /mnt/data/imagenet/train",
                meaning: "a directory of a mount"),
            .init(
                text: "du -sh \"$(swarmfs cache path)\"", meaning: "the cache as other tools see it"
            ),
        ],
        places: [
            .init(
                text: "$XDG_CACHE_HOME/swarmfs (~/.cache/swarmfs)", meaning: "the cache directory")
        ],
        exitCodes: [.done, .failure, .usage, .cache])

    static func run(_ arguments: ParsedArguments) throws(Failure) {
        let names = actions.map(\.name)
        guard let name = arguments.positionals.first else {
            throw Failure(
                .usage, "cache needs one of \(names.joined(separator: ", "))",
                "run `swarmfs cache --help` for examples")
        }
        guard let action = actions.first(where: { $0.name == name }) else {
            let advice =
                Spelling.nearest(to: name, among: names).map { "did you mean `cache \($0)`?" }
                ?? "run `swarmfs cache --help` for examples"
            throw Failure(.usage, "there is no command cache \(name)", advice)
        }
        let rest = Array(arguments.positionals.dropFirst())
        guard action.count.contains(rest.count) else {
            throw Failure(
                .usage, "cache \(name) needs \(action.needs)",
                "run `swarmfs cache --help` for examples")
        }
        try action.run(try CacheActionArguments(torrents: rest, arguments))
    }
}
