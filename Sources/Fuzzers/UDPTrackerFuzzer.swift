import TorrentCore
import TrackerProtocol

/// Datagrams from a UDP tracker in every state of the machine. The input is cut into datagrams by
/// length bytes; each comes once as it is and once with the transaction of the last one sent.
enum UDPTrackerFuzzer {
    static func run(_ bytes: Span<UInt8>) {
        for text in ["1.2.3.4:80", "[2001:db8::1]:80"] {
            guard let endpoint = Endpoint(text),
                let hash = SHA1Digest([UInt8](repeating: 1, count: 20)),
                let peerID = PeerID([UInt8](repeating: 2, count: 20))
            else { return }
            var machine = UDPTrackerStateMachine(endpoint: endpoint, seed: 1)
            var now = Timestamp.zero
            let request = AnnounceRequest(
                infoHash: hash, peerID: peerID, port: 1, left: 1, key: 1)
            _ = machine.announce(request, urlData: [], now: now)
            _ = machine.scrape([hash, hash], now: now)
            var transaction: [UInt8] = []
            var reader = ByteReader(bytes)
            while let length = reader.read(UInt8.self) {
                var datagram = reader.readBytes(min(Int(length), reader.remaining)) ?? []
                for action in machine.takeActions() {
                    if case .send(let sent, _) = action, sent.count >= 16 {
                        transaction = Array(sent[12..<16])
                    }
                }
                machine.received(datagram.span, from: endpoint, now: now)
                if datagram.count >= 8, transaction.count == 4 {
                    datagram.replaceSubrange(4..<8, with: transaction)
                    machine.received(datagram.span, from: endpoint, now: now)
                }
                now = now + .seconds(Double(length) / 4)
                machine.timerFired(now: now)
            }
        }
    }
}
