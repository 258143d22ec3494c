import PeerProtocol
import PieceStorage
import Reactor
import TorrentCore

extension PeerConnection {
    /// A connection with less than this queued asks for more blocks: enough to keep a fast socket
    /// busy for the time that one disk read takes, little enough that a cancel is worth sending.
    static let sendLowWater = 512 * 1024
    /// A peer with more than this unsent is not read from, and gets no more metadata: whoever asks
    /// without taking the answers must not fill our memory.
    static let sendHighWater = 2 * 1024 * 1024

    /// Sends what is queued, as far as the socket takes it.
    func flush(now: Timestamp) {
        isFlushPending = false
        guard isOpen, !isConnecting else { return }
        queueOutput()
        while !sendQueue.isEmpty {
            switch sendQueue.send(over: socket) {
            case .bytes:
                continue
            case .wouldBlock:
                watch(isOverfull ? .write : [.read, .write], now: now)
                if sendQueue.byteCount < Self.sendLowWater {
                    owner?.connectionCanSend(self, now: now)
                }
                return
            case .endOfStream:
                close("closed by the peer", now: now)
                return
            case .failed(let code):
                close(SystemError(code, "send").description, now: now)
                return
            }
        }
        watch(.read, now: now)
        owner?.connectionCanSend(self, now: now)
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
}
