import Foundation

/// The built command, run as a user would, with its cache, sockets and logs in a folder of the
/// test's own.
package struct Swarmfs: Sendable {
    /// `SWARMFS_BINARY`, or the one that was built together with the running tests.
    package static let executable: String = {
        if let path = ProcessInfo.processInfo.environment["SWARMFS_BINARY"] { return path }
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        return ((tests ?? "") as NSString).deletingLastPathComponent + "/swarmfs"
    }()

    /// The variables that keep it in the test's folder.
    package private(set) var environment: [String: String]
    /// The cache directory.
    package let cache: String
    private let stateFolder: String
    /// The network that it runs in; nil for the machine's own.
    private var network: NetworkNamespace?
    private var names: (name: String, addresses: [String])?
    /// The address that mounts and seeds listen at.
    package private(set) var host = "127.0.0.1"

    /// - Parameter folder: gets the folders `run`, `state` and `cache`.
    package init(in folder: TemporaryFolder) throws {
        let run = try folder.makeFolder("run")
        chmod(run, 0o700)
        stateFolder = try folder.makeFolder("state")
        cache = folder.path("cache")
        environment = [
            "XDG_RUNTIME_DIR": run, "XDG_STATE_HOME": stateFolder,
            "XDG_CACHE_HOME": try folder.makeFolder("user-cache"),
        ]
    }

    /// The same command in a network of the test's own, at one of its addresses.
    package func at(_ host: String, in network: NetworkNamespace) -> Swarmfs {
        var copy = self
        copy.host = host
        copy.network = network
        return copy
    }

    /// The same command, in its network, to which a name is these addresses. It must not mount, as it
    /// sees mounts of its own.
    package func knowing(_ name: String, as addresses: [String]) -> Swarmfs {
        var copy = self
        copy.names = (name, addresses)
        return copy
    }

    /// The same command, of which `DiskRecorder` writes down what it does to its cache.
    package func recordingDisk(to log: String) -> Swarmfs {
        var copy = self
        let folder = (Self.executable as NSString).deletingLastPathComponent
        copy.environment["LD_PRELOAD"] = folder + "/libDiskRecorder.so"
        copy.environment["SWARMFS_RECORD_ROOT"] = cache
        copy.environment["SWARMFS_RECORD_LOG"] = log
        return copy
    }

    /// The same command, whose disk fails while there is a file `trigger`: each so many of the writes
    /// to and syncs of files below the cache whose paths hold `part` end with EIO.
    package func failingDisk(
        _ part: String, every count: Int, when trigger: String, log: String
    ) -> Swarmfs {
        var copy = recordingDisk(to: log)
        copy.environment["SWARMFS_FAIL_PART"] = part
        copy.environment["SWARMFS_FAIL_EVERY"] = String(count)
        copy.environment["SWARMFS_FAIL_WHEN"] = trigger
        return copy
    }

    /// The same command, whose disk hangs while there is a file `trigger`: writes to and syncs of files
    /// below the cache whose paths hold `part` never end.
    package func hangingDisk(_ part: String, when trigger: String, log: String) -> Swarmfs {
        var copy = failingDisk(part, every: 1, when: trigger, log: log)
        copy.environment["SWARMFS_FAIL_HANGS"] = "1"
        return copy
    }

    /// Runs the command to its end.
    @discardableResult
    package func run(
        _ arguments: [String], seconds: Double = Deadline.generous
    ) throws -> ChildProcess.Result {
        try ChildProcess.run(
            commandLine(arguments), environment: environment, endsWithTest: false,
            seconds: seconds)
    }

    /// Starts the command and leaves it running in the foreground.
    package func start(_ arguments: [String]) throws -> ChildProcess {
        try ChildProcess(commandLine(arguments), environment: environment)
    }

    private func commandLine(_ arguments: [String]) -> [String] {
        let command = [Self.executable] + arguments
        guard let names else { return network?.command(command) ?? command }
        return network?.command(command, name: names.name, is: names.addresses) ?? command
    }

    /// What `status --json` says, of one mount or of all.
    package func report(of mountpoint: String? = nil) throws -> MountReport {
        let result = try run(["status", "--json"] + (mountpoint.map { [$0] } ?? []))
        guard result.exitCode == 0 else {
            throw RealClientError("swarmfs status: \(result.ending) \(result.errors)")
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(MountReport.self, from: Data(result.output.utf8))
        } catch {
            throw RealClientError("swarmfs status --json: \(error)\n\(result.output)")
        }
    }

    /// The text of all logs that were written so far.
    package var log: String {
        let names = FileManager.default.enumerator(atPath: stateFolder)?.allObjects ?? []
        let paths = names.compactMap { $0 as? String }.filter { $0.hasSuffix(".log") }.sorted()
        return paths.compactMap {
            try? String(contentsOfFile: stateFolder + "/" + $0, encoding: .utf8)
        }
        .joined()
    }

    /// The ids of all processes that run with this runtime folder and have not ended.
    package func processes() -> [Int32] {
        let marker = "XDG_RUNTIME_DIR=" + (environment["XDG_RUNTIME_DIR"] ?? "")
        let name = (Self.executable as NSString).lastPathComponent
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { Int32($0) }.filter { pid in
            guard let target = ProcessState.executable(of: pid), target.hasSuffix("/" + name),
                let variables = FileManager.default.contents(atPath: "/proc/\(pid)/environ")
            else { return false }
            return variables.split(separator: 0).contains { $0.elementsEqual(marker.utf8) }
        }
    }
}
