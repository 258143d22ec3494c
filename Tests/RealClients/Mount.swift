import Foundation

/// A mount that the command made and that lives in the background.
package struct Mount: Sendable {
    /// The ways to end a mount, which all promise the same.
    package enum Ending: String, CaseIterable, Sendable {
        case unmountCommand = "swarmfs unmount"
        case umount = "umount"
        case fusermount = "fusermount3 -u"
        case sigterm = "SIGTERM"
        case sigint = "SIGINT"
    }

    /// How soon after the mount's end the process must be gone: five seconds are promised, but not
    /// on a machine whose every core is busy with other tests.
    package static let endingLimit: Double = 30

    /// The command that made it.
    package let command: Swarmfs
    /// Where it is mounted.
    package let mountpoint: String
    /// The background process.
    package let pid: Int32
    /// Where it accepts peers.
    package let listenPort: UInt16
    /// What `swarmfs mount` printed.
    package let result: ChildProcess.Result

    /// Where it accepts peers.
    package var address: PeerAddress {
        PeerAddress(host: command.host, port: listenPort)
    }

    /// Mounts, and returns when the command says that the mount is ready.
    package init(
        _ sources: [String], at mountpoint: String, with command: Swarmfs, options: [String] = [],
        seconds: Double = Deadline.generous
    ) throws {
        self.command = command
        self.mountpoint = mountpoint
        let arguments = [
            "mount", "--cache", command.cache, "--listen", command.host + ":0", "--local-urls",
        ]
        result = try command.run(arguments + options + sources + [mountpoint], seconds: seconds)
        guard result.exitCode == 0 else {
            throw RealClientError(
                "swarmfs mount: \(result.ending)\n\(result.output)\(result.errors)\(command.log)")
        }
        guard let entry = try command.report(of: mountpoint).mounts.first else {
            throw RealClientError("swarmfs status does not know the new mount")
        }
        pid = entry.pid
        listenPort = entry.listenPort
    }

    /// The path of something in the mount.
    package func path(_ name: String) -> String { mountpoint + "/" + name }

    /// The path of a dataset's file in the mount.
    package func path(of file: DatasetFile, of dataset: Dataset) -> String {
        dataset.path(of: file, in: mountpoint)
    }

    /// What the status says of this mount.
    package func report() throws -> MountReport.Entry {
        guard let entry = try command.report(of: mountpoint).mounts.first else {
            throw RealClientError("swarmfs status does not know \(mountpoint)")
        }
        return entry
    }

    /// What the status says of the only, or first, torrent.
    package func torrent() throws -> MountReport.Torrent {
        guard let torrent = try report().torrents.first else {
            throw RealClientError("the mount has no torrent")
        }
        return torrent
    }

    /// Waits until the status of the first torrent is as wanted.
    @discardableResult
    package func wait(
        for what: String, seconds: Double = Deadline.generous,
        until condition: (MountReport.Torrent) -> Bool
    ) throws -> MountReport.Torrent {
        var last: MountReport.Torrent?
        try Deadline(seconds: seconds).wait(for: "\(what); last: \(String(describing: last))") {
            let torrent = try torrent()
            last = torrent
            return condition(torrent)
        }
        return try last ?? torrent()
    }

    /// Whether the process is gone and nothing is mounted any more.
    package var isGone: Bool {
        ProcessState.hasEnded(pid) && MountTable.entry(at: mountpoint) == nil
    }

    /// Ends the mount and waits until the process is gone; returns the seconds it took.
    @discardableResult
    package func end(by ending: Ending = .unmountCommand) throws -> Double {
        let start = ContinuousClock.now
        switch ending {
        case .unmountCommand:
            let result = try command.run(["unmount", mountpoint])
            guard result.exitCode == 0 else {
                throw RealClientError("swarmfs unmount: \(result.ending) \(result.errors)")
            }
        case .umount:
            try ChildProcess.output(of: ["umount", mountpoint])
        case .fusermount:
            try ChildProcess.output(of: ["fusermount3", "-u", mountpoint])
        case .sigterm: kill(pid, SIGTERM)
        case .sigint: kill(pid, SIGINT)
        }
        try Deadline().wait(for: "the mount to end by \(ending.rawValue)") { isGone }
        return (ContinuousClock.now - start) / .seconds(1)
    }

    /// Kills the process as an out-of-memory killer would. The mountpoint stays, dead.
    package func killProcess() throws {
        kill(pid, SIGKILL)
        try Deadline().wait(for: "the killed process to end") {
            ProcessState.hasEnded(pid)
        }
    }
}
