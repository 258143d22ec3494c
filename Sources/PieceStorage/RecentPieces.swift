import Reactor

/// The pieces last written past the page cache, kept in piece memory for readers and peers that come
/// a little later. All of it is given up for pieces that are about to be received: first those that a
/// reader has had, each time the oldest.
final class RecentPieces: Sendable {
    /// Pieces that a reader has had are kept for peers only, who ask at once for what was just
    /// announced.
    private static let readLimit = 16 << 20

    private struct Entry: Sendable {
        weak let store: PieceStore?
        let buffer: PieceBuffer
    }

    private struct State: Sendable {
        var entries: [Entry] = []
        var bytes = 0
    }

    private let state = Locked(State())

    /// Bytes of pieces kept, as much as they take of piece memory.
    var bytes: Int { state.withLock { $0.bytes } }

    /// Takes note of a piece that its store keeps from now on.
    func add(_ buffer: PieceBuffer, of store: PieceStore) {
        let readBytes = state.withLock { state in
            state.entries.append(Entry(store: store, buffer: buffer))
            state.bytes += buffer.capacity
            return state.entries.reduce(0) { $0 + ($1.buffer.wasRead ? $1.buffer.capacity : 0) }
        }
        if readBytes > Self.readLimit { _ = dropOldest() }
    }

    /// Lets go of all pieces of a store.
    func drop(of store: PieceStore) {
        let dropped = state.withLock { state in
            let dropped = state.entries.filter { $0.store === store }
            state.entries.removeAll { $0.store === store }
            state.bytes -= dropped.reduce(0) { $0 + $1.buffer.capacity }
            return dropped
        }
        for entry in dropped { store.dropRecent(entry.buffer) }
    }

    /// Lets go of a piece; false where none is kept. Its memory comes back as soon as nobody reads it.
    func dropOldest() -> Bool {
        let entry = state.withLock { state -> Entry? in
            guard !state.entries.isEmpty else { return nil }
            let position = state.entries.firstIndex { $0.buffer.wasRead } ?? 0
            state.bytes -= state.entries[position].buffer.capacity
            return state.entries.remove(at: position)
        }
        guard let entry else { return false }
        entry.store?.dropRecent(entry.buffer)
        return true
    }
}
