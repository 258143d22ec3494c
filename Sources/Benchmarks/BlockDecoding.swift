import PeerProtocol
import TorrentCore

/// One block requested, and its header and payload received, through a connection's state machine.
struct BlockDecoding: Measurement {
    var name: String { "a block, requested and received" }
    var bytesPerOperation: Int? { nil }

    func run(_ count: Int) -> Int {
        let geometry = PieceGeometry(totalLength: 1 << 30, pieceLength: 1 << 20)
        guard var machine = OpenConnection.make(geometry: geometry) else { return 1 }
        let unchoke: [UInt8] = [0, 0, 0, 1, 1]
        _ = machine.received(unchoke.span, now: .zero)
        while machine.nextAction() != nil {}
        let request = geometry.block(3, of: PieceIndex(5))
        var header: [UInt8] = []
        header.appendBigEndian(UInt32(9 + request.length))
        header.append(7)
        header.appendBigEndian(request.piece.rawValue)
        header.appendBigEndian(request.begin)
        var sent: [UInt8] = []
        for _ in 0..<count {
            machine.request(request)
            sent.removeAll(keepingCapacity: true)
            machine.takeOutput(into: &sent)
            _ = machine.received(header.span, now: .zero)
            machine.receivedBlockBytes(Int(request.length), now: .zero)
            while machine.nextAction() != nil {}
        }
        return count
    }
}
