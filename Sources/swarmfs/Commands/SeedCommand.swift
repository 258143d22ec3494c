/// `swarmfs seed`: shares data that is already on disk.
enum SeedCommand: Command {
    static let definition = CommandDefinition(
        name: "seed", summary: "Share data that is on disk.",
        synopsis: "seed FILE --data PATH [options]",
        description: [
            """
            Checks the data at PATH against the torrent FILE and shares what is right, until \
            Ctrl-C or SIGTERM. Nothing is written to the data. Run it under a service manager to \
            keep it in the background.
            """
        ],
        arguments: [.init(text: "FILE", meaning: "A .torrent file.")],
        options: [
            OptionDefinition(
                name: "data", value: "PATH",
                help: "The torrent's file, or its directory: what `swarmfs create` was given."),
            OptionDefinition(
                name: "trust",
                help: """
                    Do not check: take every piece to be right. Peers refuse wrong ones, and may \
                    ban us for them.
                    """),
            OptionDefinition(
                name: "peer", value: "HOST:PORT", help: "Connect to this peer. Repeatable."),
            .tracker, .listen, .encryption, .noUTP, .noDHT, .dhtBootstrap, .noLocalDiscovery,
            .localDiscoveryInterface, .noPortMapping,
            OptionDefinition(
                name: "foreground", letter: "f", help: "Accepted for symmetry: seed always does."),
            OptionDefinition(
                name: "log-level", value: "LEVEL",
                help: "error, warning, info or debug. Default: warning."),
            OptionDefinition(
                name: "log-file", value: "FILE",
                help: "Append the log to FILE. Default: standard error."),
        ] + OptionDefinition.limits,
        examples: [
            .init(
                text: "swarmfs seed dataset.torrent --data /srv/dataset",
                meaning: "check, then share a directory"),
            .init(
                text: "swarmfs seed dataset.torrent --data /srv/dataset --trust --listen :6900",
                meaning: "share at once, on a port of choice"),
        ],
        exitCodes: [.done, .failure, .usage, .source])

    static func run(_ arguments: ParsedArguments) throws(Failure) {
        try expect(arguments, 1...1, "a torrent FILE")
        try SeedProcess(try SeedOptions(arguments)).run()
    }
}
