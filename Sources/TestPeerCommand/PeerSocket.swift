import PeerProtocol
import Reactor
import TestPeer
import TorrentCore

/// One connection: a socket and the machine that says what passes it.
final class PeerSocket {
    /// Parts of one write: a block's head and data are two; below the kernel's 1024.
    private static let partsPerWrite = 128

    let token: UInt64
    /// The number of the peer that accepted it.
    let peer: Int
    let socket: StreamSocket
    var machine: TestPeerMachine
    /// Whether the socket takes nothing now.
    private(set) var isBlocked = false
    /// Whether the loop tells when it takes more.
    var watchesWrites = false
    /// Whether it is gone.
    private(set) var isClosed = false

    init(token: UInt64, peer: Int, socket: StreamSocket, machine: TestPeerMachine) {
        self.token = token
        self.peer = peer
        self.socket = socket
        self.machine = machine
    }

    /// When it has something to do; nil while only an event can tell.
    var nextDeadline: Timestamp? { isBlocked ? nil : machine.nextDeadline }

    /// Takes all that the socket has, through `buffer`.
    func read(_ buffer: UnsafeMutableRawBufferPointer, now: Timestamp) {
        let nothing = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        while !isClosed {
            switch socket.read(into: buffer, nothing) {
            case .bytes(let count):
                let bytes = Span<UInt8>(_bytes: RawSpan(_unsafeBytes: buffer[..<count]))
                do throws(PeerCloseReason) {
                    try machine.received(bytes, now: now)
                } catch {
                    isClosed = true
                }
                if count < buffer.count { return }
            case .wouldBlock: return
            case .endOfStream, .failed: isClosed = true
            }
        }
    }

    func unblock() { isBlocked = false }

    /// Sends what is due; `finished` gets each block that is gone.
    func write(
        _ data: SeededData, scratch: inout WriteScratch, now: Timestamp,
        finished: (BlockRequest) -> Bool
    ) {
        while !isClosed, !isBlocked {
            machine.advance(to: now)
            if machine.isDead {
                isClosed = true
                return
            }
            let total = scratch.gather(machine, data, limit: Self.partsPerWrite, now: now)
            guard total > 0 else { return }
            switch socket.write(scratch.parts) {
            case .bytes(let count):
                var duplicates = 0
                machine.sent(count) { if !finished($0) { duplicates += 1 } }
                for _ in 0..<duplicates { machine.countDuplicate() }
                if count < total { isBlocked = true }
            case .wouldBlock: isBlocked = true
            case .endOfStream, .failed: isClosed = true
            }
        }
    }
}
