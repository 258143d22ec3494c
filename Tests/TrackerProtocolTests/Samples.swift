import TorrentCore
import TrackerProtocol

/// `bytes` with a few of them changed, removed, doubled or cut off.
func mutate(_ bytes: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: index)
        case 2: bytes.insert(bytes[index], at: index)
        case 3: bytes.swapAt(index, Int.random(in: 0..<bytes.count, using: &random))
        default: bytes = Array(bytes[..<index])
        }
    }
    return bytes
}

/// A digest of twenty times the same byte.
func digest(_ byte: UInt8) -> SHA1Digest {
    guard let digest = SHA1Digest([UInt8](repeating: byte, count: 20)) else {
        preconditionFailure("twenty bytes")
    }
    return digest
}

/// A peer id of twenty times the same byte.
func peerID(_ byte: UInt8) -> PeerID {
    guard let id = PeerID([UInt8](repeating: byte, count: 20)) else {
        preconditionFailure("twenty bytes")
    }
    return id
}

/// An endpoint from its text, which must be one.
func endpoint(_ text: String) -> Endpoint {
    guard let endpoint = Endpoint(text) else { preconditionFailure("not an endpoint: \(text)") }
    return endpoint
}

/// A point in time, in seconds.
func at(_ seconds: Double) -> Timestamp { .zero + .seconds(seconds) }

/// An ordinary announce.
func request(
    _ event: AnnounceEvent = .none, trackerID: [UInt8]? = nil
) -> AnnounceRequest {
    AnnounceRequest(
        infoHash: digest(0x61), peerID: peerID(0x62), port: 6881, uploaded: 1, downloaded: 2,
        left: 3, event: event, key: 0xABC, trackerID: trackerID)
}
