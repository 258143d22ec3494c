/// `swarmfs create`: makes a .torrent file.
enum CreateCommand: Command {
    static let definition = CommandDefinition(
        name: "create", summary: "Make a .torrent file of a file or directory.",
        synopsis: "create PATH -o FILE [options]",
        description: [
            """
            Hashes the file or directory PATH on all cores and writes a .torrent file. Directories \
            are walked in one fixed order, so that the same files and options give the same \
            infohash. Symbolic links inside PATH and the executable bit are kept. Prints the \
            infohash (v1, then v2).
            """
        ],
        options: [
            OptionDefinition(
                name: "output", letter: "o", value: "FILE",
                help: "Where the .torrent file goes; in PATH it is left out of the torrent."),
            OptionDefinition(
                name: "format", value: "FORMAT",
                help: """
                    hybrid is v1 and v2 in one; v1 for clients that cannot read hybrids, such as \
                    Transmission 3 and aria2; v2 leaves the SHA-1 hashes out. Default: hybrid.
                    """),
            OptionDefinition(
                name: "piece-length", value: "SIZE",
                help: """
                    A power of two from 16KiB to 64MiB. Default: by size, so that there are about \
                    1,000 to 2,000 pieces, from 16KiB to 16MiB each.
                    """),
            OptionDefinition(
                name: "tracker", value: "URL[,URL]",
                help: """
                    Announce there. Each further --tracker is a tier that is tried when those \
                    before it fail; URLs joined by commas share a tier.
                    """),
            OptionDefinition(
                name: "webseed", value: "URL",
                help: "An http(s) server that has the files (BEP 19). Repeatable."),
            OptionDefinition(
                name: "private", help: "Peers come from the trackers only (BEP 27)."),
            OptionDefinition(name: "comment", value: "TEXT", help: "Stored in the file."),
            OptionDefinition(
                name: "source", value: "TEXT",
                help: "Sets the infohash apart from that of the same files elsewhere."),
            OptionDefinition(
                name: "creation-date", value: "DATE",
                help: """
                    2026-01-31, 2026-01-31T12:00:00Z, seconds since 1970, now or none. It is the \
                    mtime of mounted files. Default: now.
                    """),
            OptionDefinition(name: "no-progress", help: "Show no progress."),
        ],
        examples: [
            .init(
                text: """
                    swarmfs create dataset -o dataset.torrent --tracker \
                    udp://tracker.example:6969/announce
                    """,
                meaning: "a directory, with a tracker"),
            .init(
                text: "swarmfs create model.safetensors -o model.torrent --piece-length 4MiB",
                meaning: "one file, with a piece length"),
            .init(
                text: "swarmfs seed dataset.torrent --data dataset",
                meaning: "then share it"),
        ],
        exitCodes: [.done, .failure, .usage])

    static func run(_ arguments: ParsedArguments) throws(Failure) {
        try expect(arguments, 1...1, "a PATH")
        let options = try CreateOptions(arguments)
        try TorrentCreation(options).run()
    }
}
