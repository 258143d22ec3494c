import ControlAPI
import FUSEBridge
import Glibc

/// `swarmfs status`: what this user's mounts are doing.
enum StatusCommand: Command {
    static let definition = CommandDefinition(
        name: "status", summary: "Show what the mounts are doing.",
        synopsis: "status [MOUNTPOINT] [--json]",
        description: [
            """
            Shows this user's mounts, or the one at MOUNTPOINT: a line for each torrent with its \
            size, how much of it is cached, the peers that let us download and all connected ones, \
            the rates down and up, and how many reads wait for data.
            """,
            """
            --json prints {"mounts": [...]}. Each mount has mountpoint, pid, listen_port, uptime \
            (seconds), version, passthrough (who reads complete files: the kernel where it is on, \
            our process where it is off, unsupported or not_permitted), limits (max_download, \
            max_upload, max_connections), dht (nodes, nodes_ipv6, good_nodes, stored_torrents, \
            stored_peers, lookups, serving), cache (directory, used_bytes, size_limit, free_bytes, \
            kept_free_bytes, is_full) and torrents.
            """,
            """
            Each torrent has infohash, infohash_v2 (null for v1), name, size, cached_bytes, \
            piece_length, pieces, pieces_cached, peers, peers_unchoked, peers_utp, seeds, \
            swarm_seeds, swarm_leechers, swarm_completed, complete_ago (seconds), download_rate, \
            upload_rate (bytes a second), downloaded, uploaded (bytes since the mount), \
            waiting_reads, state, web_seeds (each with url, state: idle, active, paused or \
            disabled, downloaded, download_rate, errors and last_error) and trackers (url, seeds, \
            leechers, completed, last_error). What there is not is null. Keys are only ever added.
            """,
        ],
        options: [.json],
        examples: [
            .init(text: "swarmfs status", meaning: "every mount"),
            .init(
                text: "swarmfs status /mnt/data --json | jq '.mounts[0].torrents[].cached_bytes'",
                meaning: "one number of one mount"),
        ],
        places: [
            .init(
                text: RuntimePlaces.text,
                meaning: "control sockets and pid files of the running mounts")
        ],
        exitCodes: [.done, .failure, .usage])

    static func run(_ arguments: ParsedArguments) throws(Failure) {
        try expect(arguments, 0...1, "at most one MOUNTPOINT")
        let mounts = try mounts(arguments.positionals.first)
        if arguments.has("json") {
            let answering = mounts.compactMap { mount in
                if case .answering(let status) = mount { status } else { nil }
            }
            StandardStreams.print(StatusReport(mounts: answering).json)
            for case .silent(let mountpoint, let pid, let reason) in mounts {
                let text = "\(mountpoint) of process \(pid) is left out: \(reason)"
                StandardStreams.write(
                    "swarmfs: \(Failure.printable(text))\n", to: STDERR_FILENO)
            }
        } else if mounts.isEmpty {
            StandardStreams.print("Nothing is mounted.")
        } else {
            StandardStreams.write(StatusPage.text(mounts), to: STDOUT_FILENO)
        }
    }

    private static func mounts(_ text: String?) throws(Failure) -> [ListedMount] {
        let path = text.map { Mountpoint.known(as: $0) }
        if let path, StaleMount.isPresent(at: path) {
            throw Failure(
                .failure, "the process of the mount at \(path) is gone",
                "run `swarmfs unmount \(path)`, or mount again")
        }
        do throws(ControlError) {
            guard let path else { return try ControlClient().mounts() }
            return [.answering(try ControlClient().status(of: path))]
        } catch {
            throw failure(error)
        }
    }

    private static func failure(_ error: ControlError) -> Failure {
        let advice =
            switch error {
            case .notMounted: "run `swarmfs status` to see this user's mounts"
            case .timedOut: "try again, or look into the mount's log"
            case .untrustedDirectory: "remove it, or set XDG_RUNTIME_DIR to a directory of yours"
            default: "try again as the user who mounted it"
            }
        return Failure(.failure, error.description, advice)
    }
}
