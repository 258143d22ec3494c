import PieceStorage
import Reactor

/// What is still to be sent on a connection: control bytes and blocks, in order, without copying
/// blocks.
struct SendQueue {
    /// How many parts one system call takes; a turn rarely queues more.
    private static let partsPerCall = 16

    private enum Part {
        case control(ControlBytes)
        case block(UploadBlock)

        var bytes: UnsafeRawBufferPointer {
            switch self {
            case .control(let control): control.bytes
            case .block(let block): block.bytes
            }
        }
    }

    private var parts: [Part] = []
    private var head = 0
    private var headOffset = 0
    /// How many bytes wait.
    private(set) var byteCount = 0

    var isEmpty: Bool { byteCount == 0 }

    /// Queues control bytes.
    mutating func append(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        parts.append(.control(ControlBytes(bytes)))
        byteCount += bytes.count
    }

    /// Queues a copy of bytes.
    mutating func append(copying bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        parts.append(.control(ControlBytes(bytes)))
        byteCount += bytes.count
    }

    /// Queues a block's payload, which is not copied.
    mutating func append(_ block: UploadBlock) {
        parts.append(.block(block))
        byteCount += block.bytes.count
    }

    /// Sends what the transport takes with one call.
    mutating func send(over transport: any PeerTransport) -> TransferResult {
        var vectors: [UnsafeRawBufferPointer] = []
        vectors.reserveCapacity(Self.partsPerCall)
        for index in head..<min(parts.count, head + Self.partsPerCall) {
            let bytes = parts[index].bytes
            vectors.append(
                index == head ? UnsafeRawBufferPointer(rebasing: bytes[headOffset...]) : bytes)
        }
        let result = transport.write(vectors)
        if case .bytes(let count) = result { drop(count) }
        return result
    }

    private mutating func drop(_ count: Int) {
        byteCount -= count
        var left = count
        while left > 0 {
            let rest = parts[head].bytes.count - headOffset
            guard left >= rest else {
                headOffset += left
                break
            }
            left -= rest
            head += 1
            headOffset = 0
        }
        if head == parts.count {
            parts.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 64 {
            parts.removeFirst(head)
            head = 0
        }
    }
}
