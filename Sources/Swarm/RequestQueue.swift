import TorrentCore

/// A peer's unanswered requests in the order in which they were sent.
///
/// Answers nearly always come in that order, so search starts at the head, and removing the head
/// moves an index: constant time per block.
struct RequestQueue {
    private var records: [OutstandingRequest] = []
    private var head = 0
    /// Records that are not cancelled.
    private(set) var liveCount = 0
    /// Bytes of the records that are not cancelled.
    private(set) var liveBytes = 0
    /// Records that are not cancelled and were speculative when they were sent.
    private(set) var speculativeCount = 0

    var count: Int { records.count - head }
    /// Positions from the head.
    var indices: Range<Int> { 0..<count }
    var isEmpty: Bool { records.count == head }
    var cancelledCount: Int { count - liveCount }

    /// By position from the head.
    subscript(index: Int) -> OutstandingRequest { records[head + index] }

    mutating func append(_ record: OutstandingRequest) {
        // Only where at least half is free, so that moving the rest is paid for.
        if records.count == records.capacity, head * 2 >= records.count {
            records.removeFirst(head)
            head = 0
        }
        records.append(record)
        liveCount += 1
        liveBytes += Int(record.length)
        if record.flags.contains(.speculative) { speculativeCount += 1 }
    }

    func index(piece: Int32, block: UInt16) -> Int? {
        var position = head
        while position < records.count {
            if records[position].block == block, records[position].piece == piece {
                return position - head
            }
            position += 1
        }
        return nil
    }

    @discardableResult
    mutating func remove(at index: Int) -> OutstandingRequest {
        let record: OutstandingRequest
        if index == 0 {
            record = records[head]
            head += 1
            if head == records.count {
                records.removeAll(keepingCapacity: true)
                head = 0
            }
        } else {
            record = records.remove(at: head + index)
        }
        if !record.isCancelled {
            noLongerLive(record)
        }
        return record
    }

    mutating func insertFlags(_ flags: OutstandingRequest.Flags, at index: Int) {
        let position = head + index
        if flags.contains(.cancelled), !records[position].isCancelled {
            noLongerLive(records[position])
        }
        records[position].flags.formUnion(flags)
    }

    mutating func removeAll() {
        records.removeAll(keepingCapacity: true)
        head = 0
        liveCount = 0
        liveBytes = 0
        speculativeCount = 0
    }

    private mutating func noLongerLive(_ record: OutstandingRequest) {
        liveCount -= 1
        liveBytes -= Int(record.length)
        if record.flags.contains(.speculative) { speculativeCount -= 1 }
    }
}
