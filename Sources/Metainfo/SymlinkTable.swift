/// Where the targets of symbolic links stand; few files are links, so they are looked up.
struct SymlinkTable: Sendable {
    private var files: [UInt32] = []
    private var targets: [UInt32] = []

    /// Adds a link; files come in ascending order. `target` is where the list of the target's
    /// components starts, past the `l`.
    mutating func append(file: Int, target: Int) {
        files.append(UInt32(file))
        targets.append(UInt32(target))
    }

    func target(of file: Int) -> Int? {
        var low = 0
        var high = files.count
        while low < high {
            let middle = (low + high) / 2
            if Int(files[middle]) < file { low = middle + 1 } else { high = middle }
        }
        return low < files.count && Int(files[low]) == file ? Int(targets[low]) : nil
    }
}
