import TorrentCore

/// The files that one torrent keeps open, with the second-chance rule for whom to close: a hit
/// sets a bit and allocates nothing.
struct OpenFileTable {
    private struct Slot {
        let index: FileIndex
        let file: OpenFile
        var wasUsed: Bool
    }

    private var slots: [Slot] = []
    private var positions: [FileIndex: Int] = [:]
    private var hand = 0

    var count: Int { slots.count }

    /// The open file, marked as used.
    mutating func lookUp(_ index: FileIndex) -> OpenFile? {
        guard let position = positions[index] else { return nil }
        slots[position].wasUsed = true
        return slots[position].file
    }

    /// Adds a file that is not there yet.
    mutating func insert(_ index: FileIndex, _ file: OpenFile) {
        positions[index] = slots.count
        slots.append(Slot(index: index, file: file, wasUsed: false))
    }

    /// Takes out a file not used lately, for the caller to drop outside its lock; nil where only
    /// one is left.
    mutating func evict() -> OpenFile? {
        guard slots.count > 1 else { return nil }
        // The newest slot is the one that eviction makes room for.
        let old = slots.count - 1
        while true {
            if hand >= old { hand = 0 }
            defer { hand += 1 }
            if !slots[hand].wasUsed { return removeSlot(hand) }
            slots[hand].wasUsed = false
        }
    }

    /// Takes out one file.
    mutating func remove(_ index: FileIndex) -> OpenFile? {
        positions[index].map { removeSlot($0) }
    }

    /// Takes out all files.
    mutating func removeAll() -> [OpenFile] {
        defer { self = OpenFileTable() }
        return slots.map(\.file)
    }

    private mutating func removeSlot(_ position: Int) -> OpenFile {
        let slot = slots[position]
        positions[slot.index] = nil
        let last = slots.removeLast()
        if last.index != slot.index {
            slots[position] = last
            positions[last.index] = position
        }
        return slot.file
    }
}
