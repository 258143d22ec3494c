import ControlAPI

/// `swarmfs prefetch`: fetches files before anybody reads them.
enum PrefetchCommand: Command {
    static let definition = CommandDefinition(
        name: "prefetch", summary: "Fetch files of a mount ahead of use.",
        synopsis: "prefetch PATH|GLOB... [options]",
        description: [
            """
            Has the mount fetch files, and returns when all of them are cached. Programs that read \
            the mount meanwhile go first. Ctrl-C ends it; what has come stays cached. Of a directory \
            in which a magnet link selected files (so=), only those are fetched.
            """,
            "--json prints {\"files\", \"bytes\"}; bytes are those of whole pieces.",
        ],
        arguments: [
            .init(text: "PATH", meaning: "A file or directory in a mount, or the mountpoint."),
            .init(
                text: "GLOB",
                meaning: "A pattern as the shell has it, quoted or not: '/data/*/train-*.parquet'."),
        ],
        options: [
            OptionDefinition(
                name: "range", value: "START-END",
                help: """
                    Only these bytes of each file, END left out: 0-64MiB, 1G-2G, 1M- (to the end).
                    """),
            .json,
        ],
        examples: [
            .init(
                text: "swarmfs prefetch /mnt/data/imagenet/val",
                meaning: "a directory and all below"
            ),
            .init(
                text: "swarmfs prefetch '/mnt/data/*.safetensors' --range 0-1MiB",
                meaning: "the heads of some files"),
        ],
        exitCodes: [.done, .failure, .usage])

    static func run(_ arguments: ParsedArguments) throws(Failure) {
        try expect(arguments, 1...Int.max, "a PATH")
        let range = try arguments.last("range", range)
        let run = try MountTaskRun(arguments)
        let sum = try run.run("prefetch") { .prefetch(paths: $0, range: range) }
        if arguments.has("json") {
            JSONOutput.print(PrefetchReport(files: sum.files, bytes: sum.bytes))
        } else {
            StandardStreams.print("cached: \(MountTaskRun.describe(sum))")
        }
    }

    /// From `START-END`, `START-` or `-END`, in sizes.
    private static func range(_ option: String, _ text: String) throws(Failure) -> ByteSpan {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, text != "-" else {
            throw Failure(
                .usage, "\(option) \(text) is no range", "write START-END, for example 0-64MiB")
        }
        let start = parts[0].isEmpty ? 0 : try ByteSize.parse(option, String(parts[0]))
        let end = parts[1].isEmpty ? nil : try ByteSize.parse(option, String(parts[1]))
        guard start < end ?? .max else {
            throw Failure(
                .usage, "\(option) \(text) holds no byte", "write the smaller number first")
        }
        return ByteSpan(start: start, end: end)
    }
}
