import Foundation

/// A disk that loses power: makes of a log what could be found in the folder afterwards.
///
/// The rules are those of the kernel's page cache over a journalling filesystem (ext4, XFS, Btrfs),
/// at their worst: what was written to a file before a successful `fsync`, `fdatasync` or `syncfs`
/// began is there. Of what came later every sector is old or new, whatever was written first. Names
/// are journalled in order; a file's first sync, and its folder's, makes its name last.
package struct SimulatedDisk: Sendable {
    /// What a disk writes whole or not at all.
    private static let sector = 512

    private let log: DiskLog

    /// A disk to which all of the log happens.
    package init(_ log: DiskLog) { self.log = log }

    /// After how many events power may be lost.
    package var eventCount: Int { log.events.count }

    /// Writes into `folder`, which is empty, what is left when power is lost after `count` events.
    package func lose<Generator: RandomNumberGenerator>(
        _ loss: PowerLoss, after count: Int, using generator: inout Generator, into folder: String
    ) throws {
        let events = log.events[..<count]
        let safe = SyncedExtent(events)
        var names = FolderNames()
        let end =
            switch loss {
            case .losesNothing: count
            case .losesEverythingUnsynced: safe.names
            case .losesSome: Int.random(in: safe.names...count, using: &generator)
            }
        for event in events[..<end] { names.apply(event) }
        let files = try names.make(in: folder)
        for (index, event) in events.enumerated() {
            switch event {
            case .write(let file, let offset, let bytes):
                guard let target = files[file] else { continue }
                let isSafe = index < safe.files[file] ?? 0
                for part in kept(bytes, isSafe, loss, &generator) {
                    try target.write(
                        log.bytes, part, at: offset + part.lowerBound - bytes.lowerBound)
                }
            case .punch(let file, let range):
                guard let target = files[file] else { continue }
                let isSafe = index < safe.files[file] ?? 0
                for part in kept(range, isSafe, loss, &generator) { try target.punch(part) }
            case .resize(let file, let length):
                guard let target = files[file] else { continue }
                let isSafe = index < safe.files[file] ?? 0
                if !kept(0..<1, isSafe, loss, &generator).isEmpty { try target.resize(to: length) }
            default: break
            }
        }
    }

    /// Which parts of a change are on the disk.
    private func kept<Generator: RandomNumberGenerator>(
        _ range: Range<Int>, _ isSafe: Bool, _ loss: PowerLoss, _ generator: inout Generator
    ) -> [Range<Int>] {
        if isSafe { return [range] }
        switch loss {
        case .losesNothing: return [range]
        case .losesEverythingUnsynced: return []
        case .losesSome:
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: return [range]
            case 1, 2: return []
            default:
                return stride(from: range.lowerBound, to: range.upperBound, by: Self.sector)
                    .map { $0..<min($0 + Self.sector, range.upperBound) }
                    .filter { _ in Bool.random(using: &generator) }
            }
        }
    }
}
