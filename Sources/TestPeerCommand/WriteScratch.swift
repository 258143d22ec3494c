import PeerProtocol
import TestPeer
import TorrentCore

/// The parts of one gathering write, and room for what is not in the torrent's files.
struct WriteScratch: ~Copyable {
    private static let headRoom = 1 << 20

    /// What to write, valid until the next `gather`.
    private(set) var parts: [UnsafeRawBufferPointer] = []
    private let room = UnsafeMutableRawBufferPointer.allocate(byteCount: headRoom, alignment: 16)

    deinit { room.deallocate() }

    /// Fills `parts` with what is due; returns its length in bytes.
    mutating func gather(
        _ machine: borrowing TestPeerMachine, _ data: SeededData, limit: Int, now: Timestamp
    ) -> Int {
        var gathered: [UnsafeRawBufferPointer] = []
        swap(&gathered, &parts)
        gathered.removeAll(keepingCapacity: true)
        var used = 0
        var total = 0
        let room = room
        func copy(_ bytes: ArraySlice<UInt8>) {
            // What does not fit is left for the next write, with all that follows.
            let target = UnsafeMutableRawBufferPointer(rebasing: room[used..<used + bytes.count])
            target.copyBytes(from: bytes)
            gathered.append(UnsafeRawBufferPointer(target))
            used += bytes.count
        }
        var isFull = false
        var head: [UInt8] = []
        machine.output(now: now, limit: limit) { output, range in
            guard !isFull else { return }
            switch output {
            case .bytes(let bytes):
                guard used + range.count <= room.count else {
                    isFull = true
                    return
                }
                copy(bytes[range])
            case .block(let request):
                let headLength = TestPeerOutput.blockHeadLength
                guard used + headLength <= room.count else {
                    isFull = true
                    return
                }
                if range.lowerBound < headLength {
                    head.removeAll(keepingCapacity: true)
                    PeerMessageEncoder.append(.piece(request), to: &head)
                    copy(head[range.lowerBound..<min(headLength, range.upperBound)])
                }
                if range.upperBound > headLength {
                    let from = max(0, range.lowerBound - headLength)
                    data.append(from..<range.upperBound - headLength, of: request, to: &gathered)
                }
            }
            total += range.count
        }
        swap(&gathered, &parts)
        return total
    }
}
