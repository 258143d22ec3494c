import ControlAPI

/// Has the mounts that hold some paths do a task each, one after the other, with a progress bar.
struct MountTaskRun {
    private let paths: MountPaths
    private let client: TaskClient

    /// Finds the mounts of what the command line names.
    init(_ arguments: ParsedArguments) throws(Failure) {
        client = TaskClient()
        paths = try MountPaths(arguments.positionals)
    }

    /// Runs the tasks; gives files and bytes they were about.
    func run(
        _ label: String, _ task: ([String]) -> ControlTask
    ) throws(Failure) -> (files: Int, bytes: Int64) {
        var sum: (files: Int, bytes: Int64) = (0, 0)
        for (mountpoint, paths) in paths.groups {
            var bar = ProgressBar(label)
            defer { bar.end() }
            let status = try client.run(task(paths), at: mountpoint) { status in
                if status.total > 0 { bar.show(status.done, of: status.total) }
            }
            sum.files += status.files ?? 0
            sum.bytes += status.total
        }
        return sum
    }

    /// `3 files`.
    static func describe(files: Int) -> String { "\(files) file\(files == 1 ? "" : "s")" }

    /// `3 files (14.0 MiB)`.
    static func describe(_ sum: (files: Int, bytes: Int64)) -> String {
        "\(describe(files: sum.files)) (\(ByteSize.describe(sum.bytes)))"
    }
}
