import Glibc
import Reactor

/// Where files go, after the XDG base directory specification: variables that do not hold an
/// absolute path do not count.
enum Places {
    /// `$XDG_CACHE_HOME/swarmfs` or `~/.cache/swarmfs`; nil where neither can be told.
    static var cacheDirectory: String? { directory("XDG_CACHE_HOME", ".cache") }

    /// What `--cache` says, or else the default, as an absolute path.
    static func cacheDirectory(_ arguments: ParsedArguments) throws(Failure) -> String {
        if let directory = arguments.last("cache").map({ absolute($0) }) ?? cacheDirectory {
            return directory
        }
        throw Failure(.cache, "there is no home directory to keep the cache in", "give --cache DIR")
    }

    /// `$XDG_STATE_HOME/swarmfs/<name>.log` or `~/.local/state/swarmfs/<name>.log`; nil where
    /// neither can be told. The name is the mountpoint with `-` for `/`.
    static func logFile(mountpoint: String) -> String? {
        guard let directory = directory("XDG_STATE_HOME", ".local/state") else { return nil }
        return "\(directory)/\(logName(mountpoint: mountpoint)).log"
    }

    /// `$XDG_STATE_HOME/swarmfs/dht` or `~/.local/state/swarmfs/dht`; nil where neither can be told, or
    /// the directory cannot be made.
    static var dhtStateFile: String? {
        guard let directory = directory("XDG_STATE_HOME", ".local/state"),
            (try? createDirectory(directory)) != nil
        else { return nil }
        return directory + "/dht"
    }

    /// The log's name. File names end at 255 bytes: of a longer path the end is kept, which tells
    /// mounts apart better than the start.
    private static func logName(mountpoint: String) -> String {
        let name = mountpoint.split(separator: "/").joined(separator: "-")
        guard !name.isEmpty else { return "root" }
        return name.utf8.count <= 200
            ? name : String(decoding: name.utf8.suffix(200), as: UTF8.self)
    }

    private static func directory(_ variable: String, _ fallback: String) -> String? {
        if let base = absolute(getenv(variable)) { return base + "/swarmfs" }
        let home = absolute(getenv("HOME")) ?? absolute(getpwuid(getuid())?.pointee.pw_dir)
        return home.map { "\($0)/\(fallback)/swarmfs" }
    }

    private static func absolute(_ text: UnsafeMutablePointer<CChar>?) -> String? {
        guard let text else { return nil }
        let path = String(cString: text)
        return path.hasPrefix("/") ? path : nil
    }

    /// `path` seen from the root, by text alone: relative ones start in the working directory.
    static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let directory = getcwd(nil, 0) else { return path }
        defer { free(directory) }
        let base = String(cString: directory)
        return base == "/" ? "/" + path : "\(base)/\(path)"
    }

    /// Creates a directory and its parents, mode 0700.
    static func createDirectory(_ path: String) throws(SystemError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw .last("create the directory \(path)")
        }
        try createDirectory(String(path[..<slash]))
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw .last("create the directory \(path)")
        }
    }
}
