/// The 20 bytes by which a peer names itself (BEP 20).
package struct PeerID: Hashable, Sendable, CustomStringConvertible {
    /// Length in bytes.
    package static let byteCount = 20

    private let digest: SHA1Digest

    /// Nil unless `bytes` holds exactly 20 bytes.
    package init?(_ bytes: some Collection<UInt8>) {
        guard let digest = SHA1Digest(bytes) else { return nil }
        self.digest = digest
    }

    /// A fresh identity of this client, `-SF0001-` and twelve random digits (BEP 20).
    package init(random: inout some RandomNumberGenerator) {
        let alphabet = Array("0123456789abcdefghijklmnopqrstuvwxyz".utf8)
        var bytes = Array("-SF0001-".utf8)
        while bytes.count < Self.byteCount {
            bytes.append(alphabet[Int.random(in: 0..<alphabet.count, using: &random)])
        }
        guard let id = PeerID(bytes) else { preconditionFailure("the loop makes 20 bytes") }
        self = id
    }

    /// The bytes as they stand in the handshake.
    package var bytes: [UInt8] { digest.bytes }

    /// The printable part, with anything else as a dot.
    package var description: String {
        String(
            decoding: bytes.map { (0x21...0x7E).contains($0) ? $0 : UInt8(ascii: ".") },
            as: UTF8.self)
    }
}
