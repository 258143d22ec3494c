import Glibc
import Metainfo

/// Tells what the SOURCE arguments are, before anything is started for them.
enum SourceCheck {
    /// The sources, in order; fails at the first that can be no torrent.
    static func parse(_ texts: [String]) throws(Failure) -> [TorrentSource] {
        var sources: [TorrentSource] = []
        for text in texts { sources.append(try parse(text)) }
        return sources
    }

    private static func parse(_ text: String) throws(Failure) -> TorrentSource {
        let source: TorrentSource
        do throws(TorrentSourceError) {
            source = try TorrentSource(parsing: text)
        } catch .unsupportedScheme(let scheme) {
            throw Failure(.source, "\(text): \(scheme) URLs are not supported", advice)
        } catch {
            throw Failure(.source, "\(text): \(error)", advice)
        }
        if case .file(let path) = source { try checkFile(path) }
        return source
    }

    private static func checkFile(_ path: String) throws(Failure) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let reason = errno
            if reason == ENOENT, !path.contains("/"), !path.hasSuffix(".torrent") {
                throw Failure(.source, "\(path) is no infohash, link or file", advice)
            }
            throw Failure(
                .source, "the torrent file \(path) cannot be read (\(text(reason)))",
                "check the path")
        }
        guard status.st_mode & S_IFMT != S_IFDIR else {
            throw Failure(.source, "\(path) is a directory", "give the .torrent file")
        }
        guard access(path, R_OK) == 0 else {
            throw Failure(
                .source, "the torrent file \(path) cannot be read (\(text(errno)))",
                "check its permissions")
        }
    }

    /// For whatever is not understood.
    static let advice =
        "give an infohash (40 or 64 hexadecimal digits), a magnet link, a .torrent file or an "
        + "http(s) URL of one"

    private static func text(_ error: Int32) -> String { String(cString: strerror(error)) }
}
