import Glibc
import Reactor

/// The file that a process in the background logs to.
enum LogFile {
    /// A log beyond this is put aside at the next start, so that two generations bound the space.
    private static let lengthLimit: Int64 = 16 * 1024 * 1024

    /// Opens a log to append to, mode 0600; an overlong one is renamed to `.old` first.
    static func open(_ path: String) throws(Failure) -> OwnedDescriptor {
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            Int64(status.st_size) > lengthLimit
        {
            rename(path, path + ".old")
        }
        let number = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0o600)
        guard number >= 0 else {
            throw Failure(
                .failure,
                "the log file \(path) cannot be opened (\(String(cString: strerror(errno))))",
                "choose another with --log-file")
        }
        return OwnedDescriptor(number)
    }

    /// The path from `--log-file`, or the default for a mountpoint, whose directory is created.
    static func path(_ chosen: String?, mountpoint: String) throws(Failure) -> String {
        if let chosen { return chosen }
        guard let path = Places.logFile(mountpoint: mountpoint), let slash = path.lastIndex(of: "/")
        else {
            throw Failure(
                .failure, "there is no home directory to keep the log in", "give --log-file FILE")
        }
        do throws(SystemError) {
            try Places.createDirectory(String(path[..<slash]))
        } catch {
            throw Failure(
                .failure, "the log's directory cannot be made (\(error))", "give --log-file FILE")
        }
        return path
    }
}
