import ControlAPI

/// `swarmfs pin`: keeps files in the cache for good.
enum PinCommand: Command {
    static let definition = CommandDefinition(
        name: "pin", summary: "Keep files of a mount cached.",
        synopsis: "pin PATH|GLOB... [--no-prefetch]",
        description: [
            """
            Marks files so that they are never evicted from the cache, also by later mounts, and \
            fetches what is missing of them. `swarmfs unpin` lets them go again; `swarmfs cache \
            show` tells which are pinned.
            """,
            "--json prints {\"files\", \"bytes\"}; bytes is null with --no-prefetch.",
        ],
        arguments: [
            .init(
                text: "PATH, GLOB",
                meaning: "As for `prefetch`; a directory stands for all files below it.")
        ],
        options: [
            OptionDefinition(
                name: "no-prefetch", help: "Fetch nothing now: what is read is kept from then on."),
            .json,
        ],
        examples: [
            .init(text: "swarmfs pin /mnt/data/imagenet/val", meaning: "fetch and keep a directory")
        ],
        exitCodes: [.done, .failure, .usage])

    static func run(_ arguments: ParsedArguments) throws(Failure) {
        try expect(arguments, 1...Int.max, "a PATH")
        let run = try MountTaskRun(arguments)
        let pinned = try run.run("pin") { .pin(paths: $0) }
        var cached: (files: Int, bytes: Int64)?
        if !arguments.has("no-prefetch") {
            cached = try run.run("prefetch") { .prefetch(paths: $0, range: nil) }
        }
        if arguments.has("json") {
            JSONOutput.print(PrefetchReport(files: pinned.files, bytes: cached?.bytes))
        } else if let cached {
            StandardStreams.print("pinned and cached: \(MountTaskRun.describe(cached))")
        } else {
            StandardStreams.print("pinned: \(MountTaskRun.describe(files: pinned.files))")
        }
    }
}
