/// How far into a log each thing is certain to be on the disk.
struct SyncedExtent {
    /// For each file, the events before this one.
    private(set) var files: [Int: Int] = [:]
    /// For names, the events before this one.
    private(set) var names = 0

    private var paths: [Int: String] = [:]

    init(_ events: ArraySlice<DiskEvent>) {
        var ended: Set<DiskEvent.SyncTicket> = []
        for case .syncEnded(let ticket) in events { ended.insert(ticket) }
        /// The names changed since each was last certain.
        var changes: [(index: Int, path: String)] = []
        for (index, event) in events.enumerated() {
            if let path = event.namedPath { changes.append((index, path)) }
            switch event {
            case .create(let path, let file): paths[file] = path
            case .rename(let from, let to):
                for (file, path) in paths where path == from { paths[file] = to }
            default: break
            }
            guard case .syncBegan(let scope, let ticket) = event, ended.contains(ticket) else {
                continue
            }
            cover(scope, before: index)
            let last = changes.last { covers(scope, $0.path) }
            if let last { names = max(names, last.index + 1) }
        }
    }

    private mutating func cover(_ scope: DiskEvent.SyncScope, before index: Int) {
        switch scope {
        case .file(let file): files[file] = index
        case .everything: for file in paths.keys { files[file] = index }
        case .folder: break
        }
    }

    private func covers(_ scope: DiskEvent.SyncScope, _ path: String) -> Bool {
        switch scope {
        case .file(let file): paths[file] == path
        case .everything: true
        case .folder(let folder):
            path.split(separator: "/").dropLast().joined(separator: "/") == folder
        }
    }
}
