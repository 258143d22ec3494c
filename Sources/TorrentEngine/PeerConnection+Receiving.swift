import PeerProtocol
import PieceStorage
import Reactor
import Swarm
import TorrentCore

extension PeerConnection {
    /// Bytes one connection may receive in a turn, so that a fast peer does not starve the others.
    private static let bytesPerTurn = 1024 * 1024
    /// While a block's payload is arriving, so much more is asked for: the next message's header.
    /// What follows it goes straight to its place with the next call.
    private static let headerRoom = 64
    /// Between two messages so much is asked for while blocks are to come: their payload is copied
    /// from there, and yet a burst of small messages takes few calls.
    private static let messageRoom = 1024

    /// Reads until the transport is drained or the turn's share is used up.
    func receive(now: Timestamp) {
        var budget = Self.bytesPerTurn
        defer { finishReceiving(Self.bytesPerTurn - budget, now: now) }
        while budget > 0, isOpen, !isOverfull {
            let payload = payloadRoom
            let control = UnsafeMutableRawBufferPointer(
                rebasing: context.scratch.prefix(controlRoom(isInBlock: !payload.isEmpty)))
            let first = payload.isEmpty ? control : payload
            let second =
                payload.isEmpty ? UnsafeMutableRawBufferPointer(start: nil, count: 0) : control
            switch transport.read(into: first, second) {
            case .bytes(let count):
                budget -= count
                let direct = min(count, payload.count)
                if direct > 0 {
                    machine.receivedBlockBytes(direct, now: now)
                    drainActions(now: now)
                }
                process(UnsafeRawBufferPointer(rebasing: control[..<(count - direct)]), now: now)
                if count < first.count + second.count { return }
            case .wouldBlock:
                return
            case .endOfStream:
                close("closed by the peer", now: now)
            case .failed(let code):
                close(SystemError(code, "receive").description, now: now)
            }
        }
    }

    private func controlRoom(isInBlock: Bool) -> Int {
        if isInBlock { return Self.headerRoom }
        return machine.outstandingRequestCount > 0 ? Self.messageRoom : context.scratch.count
    }

    private func finishReceiving(_ count: Int, now: Timestamp) {
        guard isOpen else { return }
        let requests = machine.outstandingRequestCount
        if requests > 0 { context.lateAcknowledgements.received(self, now: now) }
        let outstanding = requests * BlockRequest.standardLength
        if receiveBatching.received(count, outstanding: outstanding, now: now) {
            transport.setReceiveLowWater(receiveBatching.lowWater)
        }
    }

    /// Tells the owner what the state machine has found.
    func drainActions(now: Timestamp) {
        while isOpen, let action = machine.nextAction() {
            if case .close(let reason) = action {
                // What explains the closing (a reject, say) is sent before it.
                flush(now: now)
                close(reason.description, now: now)
            } else {
                owner?.connection(self, received: action, now: now)
            }
        }
        if isOpen { scheduleFlush() }
    }

    /// Where the rest of the arriving block goes; empty between blocks.
    private var payloadRoom: UnsafeMutableRawBufferPointer {
        guard case .block(let request, let received) = machine.receiveTarget else {
            return UnsafeMutableRawBufferPointer(start: nil, count: 0)
        }
        let left = Int(request.length) - received
        switch placement {
        case .direct:
            if let directBuffer {
                let start = Int(request.begin) + received
                return UnsafeMutableRawBufferPointer(
                    rebasing: directBuffer.bytes[start..<start + left])
            }
        case .scratch:
            return UnsafeMutableRawBufferPointer(
                rebasing: scratchBlock.bytes[received..<received + left])
        case .discard:
            break
        }
        // Dropped payload lands behind the room for the next header.
        let drop = context.scratch[Self.headerRoom...].prefix(left)
        return UnsafeMutableRawBufferPointer(rebasing: drop)
    }

    /// Takes control bytes apart; payload in between is copied to its place.
    private func process(_ bytes: UnsafeRawBufferPointer, now: Timestamp) {
        // A position instead of a variable slice: the `Span` would have the compiler put that on the
        // heap, once a block.
        var position = 0
        while position < bytes.count, isOpen {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[position...])
            let room = payloadRoom
            let count: Int
            if room.isEmpty {
                let span = Span<UInt8>(_unsafeBytes: rest)
                count = machine.received(span, now: now)
            } else {
                count = min(room.count, rest.count)
                copyPayload(rest, count: count, to: room)
                machine.receivedBlockBytes(count, now: now)
            }
            drainActions(now: now)
            // Nothing consumed means that the machine waits for the owner's answer or is closing.
            guard count > 0 else { return }
            position += count
        }
    }

    private func copyPayload(
        _ bytes: UnsafeRawBufferPointer, count: Int, to room: UnsafeMutableRawBufferPointer
    ) {
        if case .discard = placement { return }
        room.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
    }
}
