import Glibc

/// The program that mounts and unmounts for users other than root.
enum Fusermount {
    /// Where it is; nil where it is not installed. libfuse looks in the same places.
    static var path: String? {
        let search = getenv("PATH").map { String(cString: $0) } ?? ""
        let folders = ["/usr/bin", "/bin"] + search.split(separator: ":").map(String.init)
        return folders.lazy.map { "\($0)/fusermount3" }.first { access($0, X_OK) == 0 }
    }

    /// Whether /etc/fuse.conf lets ordinary users give `allow_other`.
    static var permitsAllowOther: Bool {
        guard let file = fopen("/etc/fuse.conf", "re") else { return false }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(
                decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            if text.split(whereSeparator: \.isWhitespace).first == "user_allow_other" {
                return true
            }
        }
        return false
    }
}
