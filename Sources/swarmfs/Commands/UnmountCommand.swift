import ControlAPI
import FUSEBridge
import TorrentCore

/// `swarmfs unmount`: ends a mount and the process behind it.
enum UnmountCommand: Command {
    static let definition = CommandDefinition(
        name: "unmount", summary: "End a mount, and its seeding.",
        synopsis: "unmount MOUNTPOINT",
        description: [
            """
            Ends the mount at MOUNTPOINT and returns when its process is gone, within 5 seconds: \
            trackers are told, connections are closed, reads that wait fail. After that nothing is \
            sent any more. What is cached stays for the next mount.
            """,
            """
            `umount MOUNTPOINT`, `fusermount3 -u MOUNTPOINT` and a SIGTERM to the process end it \
            the same way. The mount of a process that was killed is removed too.
            """,
        ],
        options: [],
        examples: [.init(text: "swarmfs unmount /mnt/data", meaning: "end a mount")],
        places: [
            .init(
                text: RuntimePlaces.text,
                meaning: "control sockets and pid files of the running mounts")
        ],
        exitCodes: [.done, .failure, .usage])

    /// The process ends itself within 5 s; the rest is for a loaded machine.
    private static let patience = Interval.seconds(10)

    static func run(_ arguments: ParsedArguments) throws(Failure) {
        try expect(arguments, 1...1, "a MOUNTPOINT")
        let text = arguments.positionals[0]
        let path = Mountpoint.known(as: text)
        let process: EndingProcess?
        do throws(ControlError) {
            process = try ControlClient().unmount(path)
        } catch .notMounted {
            process = nil
        } catch {
            throw Failure(.failure, error.description, "end it with `fusermount3 -uz \(path)`")
        }
        if let process {
            guard process.waitUntilGone(patience) else {
                throw Failure(
                    .failure, "process \(process.pid) of \(path) has not ended after 10 s",
                    "end it with `kill -9 \(process.pid)`, then run this again")
            }
        } else if !StaleMount.isOwn(at: path) {
            throw Failure(
                .failure, "no swarmfs is mounted at \(path)",
                "run `swarmfs status` to see this user's mounts")
        }
        try removeMount(path)
        StandardStreams.print("\(Failure.printable(path)) is unmounted")
    }

    /// Removes what is still mounted there, lazily: open files of a dead mount keep nothing alive.
    private static func removeMount(_ path: String) throws(Failure) {
        guard StaleMount.isOwn(at: path) else { return }
        guard StaleMount.unmountLazily(path) else {
            throw Failure(
                .failure, "\(path) cannot be unmounted",
                "run this as the user who mounted it, or as root")
        }
    }
}
