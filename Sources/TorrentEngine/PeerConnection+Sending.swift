import PeerProtocol
import PieceStorage
import Reactor
import Swarm
import TorrentCore

extension PeerConnection {
    /// A peer with more than this unsent is not read from, and gets no more metadata: whoever asks
    /// without taking the answers must not fill our memory.
    static let sendHighWater = 2 * 1024 * 1024

    /// Sends what is queued and then the blocks that the peer has asked for, as far as the socket
    /// takes them.
    func flush(now: Timestamp) {
        isFlushPending = false
        guard isOpen, !isConnecting else { return }
        queueOutput()
        sendQueued(now: now)
        if isOpen, !isWaitingToSend { owner?.connectionCanSend(self, now: now) }
        let reads: EventInterest = isOverfull ? [] : .read
        if isOpen { watch(isWaitingToSend ? [.write, reads] : .read, now: now) }
    }

    private func sendQueued(now: Timestamp) {
        while !sendQueue.isEmpty, !isWaitingToSend {
            switch sendQueue.send(over: transport) {
            case .bytes: continue
            case .wouldBlock: isWaitingToSend = true
            case .endOfStream: return close("closed by the peer", now: now)
            case .failed(let code): return close(SystemError(code, "send").description, now: now)
            }
        }
    }

    /// Whether so much waits to be sent that nothing more is taken from the peer.
    var isOverfull: Bool { sendQueue.byteCount > Self.sendHighWater }

    /// Moves what the state machine has written behind what waits already.
    func queueOutput() {
        if machine.hasOutput { sendQueue.append(machine.takeOutput()) }
    }

    /// Queues a block behind its header (BEP 3, message 7); false where the peer has taken the
    /// request back or was choked.
    func send(_ block: UploadBlock, for request: BlockRequest) -> Bool {
        guard machine.pieceHeader(request) else { return false }
        queueOutput()
        sendQueue.append(block)
        scheduleFlush()
        return true
    }

    /// Sends the first blocks that the peer waits for, in one call, where the store has them at hand
    /// and nothing else is queued. Gives their bytes: none where the store would have to wait for a
    /// disk, or the socket takes nothing now. What it does not take stays a request, and may be
    /// taken back: only the rest of a block that has begun is kept. At most `limit` bytes, and one
    /// block at least.
    func sendResidentBlocks(from store: PieceStore, limit: Int, now: Timestamp) -> Int {
        guard let first = uploads.waiting.first, sendQueue.isEmpty else { return 0 }
        let buffer = context.uploadBuffer
        let room = min(buffer.payload.count, max(min(uploadBatch, limit), Int(first.length)))
        let target = UnsafeMutableRawBufferPointer(rebasing: buffer.payload[..<room])
        let count = store.copyResident(
            uploads.waiting.prefix(UploadBuffer.blocksPerCall), into: target)
        guard count > 0 else { return 0 }
        switch buffer.send(uploads.waiting.prefix(count), over: transport) {
        case .bytes(let bytes):
            return finishBlocks(count: count, sent: bytes)
        case .wouldBlock:
            isWaitingToSend = true
        case .endOfStream:
            close("closed by the peer", now: now)
        case .failed(let code):
            close(SystemError(code, "send").description, now: now)
        }
        return 0
    }

    /// Of `count` blocks the socket has taken so many bytes.
    private func finishBlocks(count: Int, sent: Int) -> Int {
        var left = sent
        var index = 0
        var position = 0
        while left > 0, let block = uploads.next() {
            machine.blockSent(block)
            let size = PeerMessageEncoder.pieceHeadLength + Int(block.length)
            if left < size {
                context.uploadBuffer.queueRest(
                    of: block, index: index, at: position, sent: left, in: &sendQueue)
            }
            left -= min(left, size)
            position += Int(block.length)
            index += 1
        }
        // The next call tries twice as much where all went, and else what went.
        isWaitingToSend = index < count || !sendQueue.isEmpty
        let next = isWaitingToSend ? sent : 2 * uploadBatch
        uploadBatch = min(max(next, UploadBuffer.smallestBatch), UploadBuffer.largestBatch)
        return position
    }
}
