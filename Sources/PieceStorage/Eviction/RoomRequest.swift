import Reactor

/// Somebody who waits for room on disk.
final class RoomRequest: Sendable {
    /// Whose piece it is for; nil for a torrent that is about to be opened.
    let store: PieceStore?
    /// With what torrents are opened that nobody holds, to evict from them.
    let pools: StoragePools
    /// What it is about to write.
    let bytes: Int64
    /// Whether the disk refused it although there was room by the limits: something has to go.
    let isForced: Bool
    private let answer = Condition<Bool?>(nil)

    /// A writer's.
    init(store: PieceStore, bytes: Int64, isForced: Bool) {
        self.store = store
        pools = store.pools
        self.bytes = bytes
        self.isForced = isForced
    }

    /// Of a torrent about to be opened, to which the disk has refused a place.
    init(bytes: Int64, pools: StoragePools) {
        store = nil
        self.pools = pools
        self.bytes = bytes
        isForced = true
    }

    /// Says whether there is room now; where it is not forced, it is reserved for this writer.
    func finish(_ hasRoom: Bool) { answer.update { $0 = hasRoom } }

    func wait() -> Bool { answer.wait { $0 } ?? false }
}
