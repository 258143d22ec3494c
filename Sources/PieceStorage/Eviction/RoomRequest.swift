import Reactor

/// A writer that waits for room on disk.
final class RoomRequest: Sendable {
    let store: PieceStore
    /// What it is about to write.
    let bytes: Int64
    /// Whether the disk refused it although there was room by the limits: something has to go.
    let isForced: Bool
    private let answer = Condition<Bool?>(nil)

    init(store: PieceStore, bytes: Int64, isForced: Bool) {
        self.store = store
        self.bytes = bytes
        self.isForced = isForced
    }

    /// Says whether there is room now; where it is not forced, it is reserved for this writer.
    func finish(_ hasRoom: Bool) { answer.update { $0 = hasRoom } }

    func wait() -> Bool { answer.wait { $0 } ?? false }
}
