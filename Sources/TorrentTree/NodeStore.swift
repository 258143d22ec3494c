/// Names and parents of all nodes, and the table that finds a node by both: 30 bytes a node and
/// its name.
struct NodeStore: Sendable {
    /// All names, each with a NUL behind it, as C wants them.
    private var names: [UInt8] = []
    private var starts: [UInt64] = [0]
    private var parents: [UInt32] = []
    /// A file's index, or the complement of a directory's ordinal.
    private var contents: [Int32] = []
    /// Open addressing with linear probing; zero is an empty slot, as the root is nobody's child.
    private var slots: [UInt32] = Array(repeating: 0, count: 64)

    /// How many nodes there are.
    var count: Int { parents.count }

    /// The directory that holds the node; the root holds itself.
    func parent(of node: UInt32) -> UInt32 { parents[Int(node)] }

    /// The ordinal of a directory; nil for other nodes.
    func directory(_ node: UInt32) -> Int? {
        let content = contents[Int(node)]
        return content < 0 ? Int(~content) : nil
    }

    /// The file index of a node that is no directory.
    func file(_ node: UInt32) -> Int32 { contents[Int(node)] }

    /// The bytes of a node's name.
    func name(of node: UInt32) -> ArraySlice<UInt8> {
        names[Int(starts[Int(node)])..<Int(starts[Int(node) + 1]) - 1]
    }

    /// Calls `body` with a node's name, which a NUL follows in memory.
    func withName<Result>(
        of node: UInt32, _ body: (UnsafeBufferPointer<UInt8>) -> Result
    ) -> Result {
        names.withUnsafeBufferPointer {
            body(
                UnsafeBufferPointer(
                    rebasing: $0[Int(starts[Int(node)])..<Int(starts[Int(node) + 1]) - 1]))
        }
    }

    /// The node of that name in a directory.
    func find(_ name: Span<UInt8>, in parent: UInt32) -> UInt32? {
        let mask = slots.count - 1
        var slot = Self.hash(name, parent) & mask
        while true {
            let node = slots[slot]
            if node == 0 { return nil }
            if parents[Int(node)] == parent, isNamed(node, name) { return node }
            slot = (slot + 1) & mask
        }
    }

    /// Adds a node whose name is free in its directory. `content` is a file's index or the
    /// complement of a directory's ordinal.
    mutating func append(_ name: [UInt8], in parent: UInt32, content: Int32) -> UInt32 {
        let node = UInt32(parents.count)
        names += name
        names.append(0)
        starts.append(UInt64(names.count))
        parents.append(parent)
        contents.append(content)
        // The root is found by nobody, and its number means an empty slot.
        guard node != 0 else { return node }
        if parents.count * 2 > slots.count { grow() } else { enter(node) }
        return node
    }

    private func isNamed(_ node: UInt32, _ name: Span<UInt8>) -> Bool {
        let start = Int(starts[Int(node)])
        guard Int(starts[Int(node) + 1]) - 1 - start == name.count else { return false }
        for index in name.indices where names[start + index] != name[index] { return false }
        return true
    }

    private mutating func grow() {
        slots = Array(repeating: 0, count: slots.count * 2)
        for node in 1..<UInt32(parents.count) { enter(node) }
    }

    private mutating func enter(_ node: UInt32) {
        let mask = slots.count - 1
        var slot = withName(of: node) { Self.hash($0.span, parents[Int(node)]) } & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = node
    }

    /// Seeded anew in each process, so that no torrent can choose names that collide.
    private static func hash(_ name: Span<UInt8>, _ parent: UInt32) -> Int {
        var hasher = Hasher()
        hasher.combine(parent)
        name.withUnsafeBufferPointer { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        return hasher.finalize()
    }
}
