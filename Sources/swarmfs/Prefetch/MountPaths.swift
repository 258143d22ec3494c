import ControlAPI
import Glibc

/// What the command line names inside of mounts, by mountpoint, as the mounts' processes know it.
struct MountPaths {
    /// Mountpoints in the order of the command line, each with paths from its top.
    private(set) var groups: [(mountpoint: String, paths: [String])] = []

    /// From paths and patterns, which may lie in several mounts; links are followed. A pattern
    /// counts where nothing bears its name: the shell expands those that are not quoted.
    init(_ arguments: [String]) throws(Failure) {
        let mountpoints: [String]
        do throws(ControlError) {
            mountpoints = try ControlClient().mounts().map(\.mountpoint)
        } catch {
            throw TaskClient.failure(error)
        }
        for argument in arguments {
            for path in try Self.expand(argument) { try add(path, argument, mountpoints) }
        }
    }

    private mutating func add(
        _ path: String, _ argument: String, _ mountpoints: [String]
    ) throws(Failure) {
        let owner = mountpoints.filter { path == $0 || path.hasPrefix($0 == "/" ? "/" : $0 + "/") }
            .max { $0.utf8.count < $1.utf8.count }
        guard let owner else {
            throw Failure(
                .failure, "\(argument) is in no mount of this user",
                "run `swarmfs status` to see the mounts")
        }
        let inside = String(path.dropFirst(owner.count).drop { $0 == "/" })
        if let index = groups.firstIndex(where: { $0.mountpoint == owner }) {
            groups[index].paths.append(inside)
        } else {
            groups.append((owner, [inside]))
        }
    }

    /// The canonical paths that an argument stands for.
    private static func expand(_ argument: String) throws(Failure) -> [String] {
        if let path = canonical(argument) { return [path] }
        let reason = errno
        guard argument.contains(where: { "*?[".contains($0) }) else {
            throw Failure(
                .failure, "\(argument): \(String(cString: strerror(reason)))", "check the path")
        }
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(argument, 0, nil, &found) == 0 else {
            throw Failure(.failure, "nothing matches \(argument)", "check the pattern")
        }
        return (0..<Int(found.gl_pathc)).compactMap { index in
            found.gl_pathv[index].flatMap { canonical(String(cString: $0)) }
        }
    }

    private static func canonical(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
