import ControlAPI

/// `swarmfs limit`: changes how fast a running mount may be.
enum LimitCommand: Command {
    static let definition = CommandDefinition(
        name: "limit", summary: "Change how fast a mount may be.",
        synopsis: "limit MOUNTPOINT [--max-download RATE] [--max-upload RATE]",
        description: [
            """
            Sets the limits of a running mount from this moment on; one that is not named stays. \
            They hold for the payload of all its torrents together. `swarmfs status` shows them.
            """
        ],
        options: [.maxDownload, .maxUpload],
        examples: [
            .init(
                text: "swarmfs limit /mnt/data --max-upload 2MiB",
                meaning: "send at most 2 MiB a second"),
            .init(
                text: "swarmfs limit /mnt/data --max-download none", meaning: "as fast as can be"),
        ],
        exitCodes: [.done, .failure, .usage])

    static func run(_ arguments: ParsedArguments) throws(Failure) {
        try expect(arguments, 1...1, "a MOUNTPOINT")
        // Before anything is asked: what is written wrong is a usage error.
        let change = LimitChange(
            maxDownload: try arguments.last("max-download", PeerManners.rate),
            maxUpload: try arguments.last("max-upload", PeerManners.rate))
        guard change != LimitChange() else {
            throw Failure(
                .usage, "limit needs --max-download or --max-upload",
                "run `swarmfs limit --help` for examples")
        }
        let path = Mountpoint.known(as: arguments.positionals[0])
        do throws(ControlError) {
            try ControlClient().limit(change, at: path)
        } catch .notMounted {
            throw Failure(
                .failure, "nothing of swarmfs is mounted at \(path)",
                "run `swarmfs status` for what is")
        } catch {
            throw Failure(.failure, error.description, "try again")
        }
    }
}
