import ControlAPI

/// `swarmfs unpin`: lets files be evicted again.
enum UnpinCommand: Command {
    static let definition = CommandDefinition(
        name: "unpin", summary: "Let pinned files be evicted again.",
        synopsis: "unpin PATH|GLOB...",
        description: [
            "Takes back what `swarmfs pin` said. What is cached stays until room is needed.",
            "--json prints {\"files\", \"bytes\": null}.",
        ],
        arguments: [
            .init(
                text: "PATH, GLOB",
                meaning: "As for `pin`; a directory stands for all files below it.")
        ],
        options: [.json],
        examples: [
            .init(text: "swarmfs unpin /mnt/data", meaning: "whatever is pinned in a mount")
        ],
        exitCodes: [.done, .failure, .usage])

    static func run(_ arguments: ParsedArguments) throws(Failure) {
        try expect(arguments, 1...Int.max, "a PATH")
        let run = try MountTaskRun(arguments)
        let sum = try run.run("unpin") { .unpin(paths: $0) }
        if arguments.has("json") {
            JSONOutput.print(PrefetchReport(files: sum.files, bytes: nil))
        } else {
            StandardStreams.print("unpinned: \(MountTaskRun.describe(files: sum.files))")
        }
    }
}
