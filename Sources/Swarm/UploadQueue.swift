package import TorrentCore

/// The requests of one peer that we have yet to answer, first come, first served.
package struct UploadQueue: Sendable {
    /// What became of a request.
    package enum Admission: Equatable, Sendable {
        /// It waits for its turn.
        case queued
        /// The same request waits already.
        case duplicate
        /// The queue is full: reject it (BEP 6), or drop it.
        case full
    }

    /// The `reqq` that we announce: 8 MiB of blocks, enough for 800 MB/s over 10 ms.
    package static let limit = 500

    private var requests: [BlockRequest] = []
    private var head = 0
    private var members: Set<BlockRequest> = []

    /// An empty queue.
    package init() {}

    /// How many requests wait.
    package var count: Int { members.count }
    /// Whether none waits.
    package var isEmpty: Bool { members.isEmpty }

    /// The requests that wait, the next one first.
    package var waiting: ArraySlice<BlockRequest> { requests[head...] }

    /// A request arrived.
    package mutating func add(_ request: BlockRequest) -> Admission {
        guard members.count < Self.limit else {
            return members.contains(request) ? .duplicate : .full
        }
        guard members.insert(request).inserted else { return .duplicate }
        if head > Self.limit {
            requests.removeFirst(head)
            head = 0
        }
        requests.append(request)
        return .queued
    }

    /// A `cancel` arrived. False where the request does not wait (any more).
    package mutating func cancel(_ request: BlockRequest) -> Bool {
        guard members.remove(request) != nil else { return false }
        // From the end, since cancels come for what was asked last.
        if let index = requests[head...].lastIndex(of: request) { requests.remove(at: index) }
        return true
    }

    /// Takes the next request.
    package mutating func next() -> BlockRequest? {
        guard head < requests.count else { return nil }
        let request = requests[head]
        head += 1
        if head == requests.count {
            requests.removeAll(keepingCapacity: true)
            head = 0
        }
        members.remove(request)
        return request
    }

    /// Takes the next request, and those behind it that go on where the one before ends, as long as
    /// all are not longer than `limit` together.
    package mutating func nextRun(limit: Int) -> [BlockRequest] {
        guard let first = next() else { return [] }
        var run = [first]
        var length = Int(first.length)
        while let last = run.last, let following = waiting.first, following.follows(last),
            length + Int(following.length) <= limit
        {
            length += Int(following.length)
            run.append(following)
            _ = next()
        }
        return run
    }

    /// Drops the requests that are over, and keeps the others in order.
    package mutating func removeAll(where isOver: (BlockRequest) -> Bool) {
        requests = requests[head...].filter { !isOver($0) }
        head = 0
        members = Set(requests)
    }

    /// Takes everything, in order: the peer is choked now, and each is to be rejected (BEP 6).
    package mutating func removeAll() -> [BlockRequest] {
        let rest = Array(requests[head...])
        requests.removeAll(keepingCapacity: true)
        head = 0
        members.removeAll(keepingCapacity: true)
        return rest
    }
}
