import PeerProtocol
import TorrentCore

/// One `have` of 9 bytes through a connection's state machine.
struct HaveDecoding: Measurement {
    /// So many come with one system call.
    private static let burst = 1024
    private static let pieceCount = 1 << 16

    var name: String { "a have, decoded" }
    var bytesPerOperation: Int? { nil }

    func run(_ count: Int) -> Int {
        guard
            var machine = OpenConnection.make(
                geometry: PieceGeometry(
                    totalLength: Int64(Self.pieceCount) * 16_384, pieceLength: 16_384))
        else { return 1 }
        var bytes: [UInt8] = []
        for piece in 0..<Self.burst {
            bytes.appendBigEndian(UInt32(5))
            bytes.append(4)
            bytes.appendBigEndian(UInt32(piece))
        }
        var done = 0
        while done < count {
            _ = machine.received(bytes.span, now: .zero)
            while machine.nextAction() != nil { done += 1 }
        }
        return done
    }
}
