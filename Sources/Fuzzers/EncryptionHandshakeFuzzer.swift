import PeerProtocol
import TorrentCore
import TorrentCrypto

/// Feeds an encrypted handshake: the first byte chooses the side, the second how the rest is cut.
/// Keys are fixed, so that what the fuzzer has found once goes on to mean something.
enum EncryptionHandshakeFuzzer {
    private static let hash = SHA1Digest(Array(repeating: UInt8(0x11), count: 20))

    static func run(_ bytes: Span<UInt8>) {
        guard let hash, bytes.count >= 2 else { return }
        let isAnswering = bytes[0] & 1 != 0
        let step = Int(bytes[1]) + 1
        let first: ClosedRange<UInt8> = isAnswering ? 101...120 : 1...20
        let key = DiffieHellman768(privateKey: Array(first))
        var random = SeededRandom(seed: 1)
        var handshake =
            isAnswering
            ? EncryptionHandshake<DiffieHellman768, RC4>(
                answeringWith: [.plaintext, .rc4], acceptsUnencrypted: bytes[0] & 2 == 0, key: key,
                hashing: OpenSSLHashing(), random: &random)
            : EncryptionHandshake<DiffieHellman768, RC4>(
                opening: hash, offering: [.plaintext, .rc4], initialPayload: [1, 2, 3], key: key,
                hashing: OpenSSLHashing(), random: &random)
        var position = 2
        while position < bytes.count, handshake.outcome == nil {
            let end = min(bytes.count, position + step)
            bytes.extracting(position..<end).withUnsafeBytes { handshake.received($0) }
            if handshake.wantedTorrent != nil { handshake.serve(hash) }
            _ = handshake.takeOutput()
            position = end
        }
        _ = handshake.takePayload()
    }
}
