import Foundation

/// Which files and folders have which names.
struct FolderNames {
    private var files: [String: Int] = [:]
    private var folders: [String] = []

    mutating func apply(_ event: DiskEvent) {
        switch event {
        case .create(let path, let file): files[path] = file
        case .unlink(let path): files[path] = nil
        case .rename(let from, let to): files[to] = files.removeValue(forKey: from)
        case .makeFolder(let path): folders.append(path)
        case .removeFolder(let path): folders.removeAll { $0 == path }
        default: break
        }
    }

    /// Makes them below `folder`: empty files, to be filled.
    func make(in folder: String) throws -> [Int: DiskFile] {
        for path in folders {
            try FileManager.default.createDirectory(
                atPath: "\(folder)/\(path)", withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        }
        var made: [Int: DiskFile] = [:]
        for (path, file) in files { made[file] = try DiskFile("\(folder)/\(path)") }
        return made
    }
}
