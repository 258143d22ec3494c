package import TorrentCore

/// The handshake of message stream encryption (MSE, also called protocol encryption), which comes
/// before the one of BEP 3 and hides it from those who look for it.
///
/// ```
/// A: key, padding
/// B: key, padding
/// A: SHA-1("req1", S), SHA-1("req2", infohash) ^ SHA-1("req3", S),
///    RC4(zeros, offered methods, padding, length, initial payload)
/// B: RC4(zeros, chosen method, padding)
/// ```
///
/// S is the secret of the Diffie-Hellman exchange, and the infohash is part of both RC4 keys: who
/// does not know it can neither answer nor read. There is no authentication.
///
/// Feed `received` until there is an `outcome`, send what `takeOutput` gives, and answer
/// `wantedTorrent`. Source: the specification at wiki.vuze.com, "Message Stream Encryption", and
/// what libtorrent does. It holds at most what one call brings and 65 KiB.
package struct EncryptionHandshake<Key: KeyAgreement, Cipher: StreamCipher> {
    enum Phase {
        /// B: the first bytes may be a handshake without encryption.
        case opening
        case awaitingKey
        /// A: padding, until zeros encrypted by B.
        case awaitingAnswer
        /// A: the method, and the length of the padding.
        case awaitingSelection
        case skippingAnswerPadding(Int)
        /// B: padding, until the hash of "req1".
        case awaitingRequest
        /// B: the hash that names the torrent.
        case awaitingTorrentHash
        /// B: the owner looks for the torrent.
        case awaitingTorrent(SHA1Digest)
        /// B: zeros, methods, and the length of the padding.
        case awaitingOffer
        case skippingOfferPadding(Int)
        case awaitingInitialPayload(Int)
        case over
    }

    /// The longest padding that either side may send, four times.
    static var maximumPadding: Int { 512 }
    /// Zeros by which a side sees that it decrypts right.
    static var verificationLength: Int { 8 }
    /// Of each key stream, that much is not used: the first bytes tell of the key.
    private static var discarded: Int { 1024 }

    let hashing: any Hashing
    /// Whether this is A.
    let isOpening: Bool
    let methods: EncryptionMethods
    /// B: whether a peer may come without encryption.
    let acceptsUnencrypted: Bool
    /// A: what it opens with behind the handshake.
    let initialPayload: [UInt8]
    /// The padding of our second message.
    let padding: [UInt8]
    private let key: Key
    /// Known to A from the start, and to B when the owner has found it.
    var torrent: SHA1Digest?
    var phase: Phase
    var secret: [UInt8] = []
    /// Until decrypted bytes are all that comes, as it came.
    var input: [UInt8] = []
    var position = 0
    /// What ends the padding that is being skipped; in B before that, its first message.
    var pattern: [UInt8] = []
    /// The method that goes on.
    var chosen: EncryptionMethods = []
    var output: [UInt8] = []
    var payload: [UInt8] = []

    /// What it has come to; nil while it goes on.
    package internal(set) var outcome: EncryptionOutcome?
    /// What decrypts the peer's bytes, where the outcome says RC4.
    package internal(set) var incoming: Cipher?
    /// What encrypts our bytes, where the outcome says RC4.
    package internal(set) var outgoing: Cipher?

    /// Opens a connection: the first message is in the output at once.
    ///
    /// - Parameters:
    ///   - torrent: the infohash that the connection is about, as in the handshake of BEP 3.
    ///   - methods: what the peer may choose from.
    ///   - initialPayload: what the owner sends first, at most 65535 bytes: it saves a round trip.
    ///   - random: for padding, whose length hides what this is.
    package init(
        opening torrent: SHA1Digest, offering methods: EncryptionMethods,
        initialPayload: [UInt8], key: Key, hashing: any Hashing,
        random: inout some RandomNumberGenerator
    ) {
        precondition(initialPayload.count <= Int(UInt16.max), "its length has two bytes")
        isOpening = true
        self.torrent = torrent
        self.methods = methods
        self.initialPayload = initialPayload
        self.key = key
        self.hashing = hashing
        acceptsUnencrypted = false
        phase = .awaitingKey
        padding = Self.makePadding(&random)
        output = key.publicKey + Self.makePadding(&random)
    }

    /// Answers a connection.
    ///
    /// - Parameters:
    ///   - methods: what may be chosen; plaintext is, where the peer offers it.
    ///   - acceptsUnencrypted: whether the peer may come without encryption.
    package init(
        answeringWith methods: EncryptionMethods, acceptsUnencrypted: Bool, key: Key,
        hashing: any Hashing, random: inout some RandomNumberGenerator
    ) {
        isOpening = false
        self.methods = methods
        self.acceptsUnencrypted = acceptsUnencrypted
        self.key = key
        self.hashing = hashing
        initialPayload = []
        phase = .opening
        padding = Self.makePadding(&random)
        // Sent when the peer's key is there: until then it may turn out to need none.
        pattern = key.publicKey + Self.makePadding(&random)
    }

    /// The hash for which `serve` is to be called: that of "req2" and an infohash.
    package var wantedTorrent: SHA1Digest? {
        if case .awaitingTorrent(let hash) = phase { hash } else { nil }
    }

    /// The hash by which a peer asks for `torrent`; compare with `wantedTorrent`.
    package static func requestHash(of torrent: SHA1Digest, hashing: any Hashing) -> SHA1Digest {
        let bytes = Array("req2".utf8) + torrent.bytes
        return hashing.sha1(bytes.span)
    }

    /// Takes what has come; nothing once there is an outcome.
    package mutating func received(_ bytes: UnsafeRawBufferPointer) {
        guard outcome == nil else { return }
        input.append(contentsOf: bytes)
        advance()
    }

    /// The torrent that the peer asks for, or nil where there is none such.
    package mutating func serve(_ torrent: SHA1Digest?) {
        guard case .awaitingTorrent = phase else { return }
        guard let torrent else { return fail(.unknownTorrent) }
        self.torrent = torrent
        startCiphers(incoming: "keyA", outgoing: "keyB")
        phase = .awaitingOffer
        advance()
    }

    /// What is to be sent, each byte once.
    package mutating func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }

    /// With an outcome: what has come for the owner already, each byte once.
    package mutating func takePayload() -> [UInt8] {
        defer { payload = [] }
        return payload
    }

    // MARK: - Parts

    mutating func fail(_ failure: EncryptionFailure) {
        phase = .over
        outcome = .failed(failure)
        input = []
    }

    mutating func agree(with peerKey: [UInt8]) throws(EncryptionFailure) {
        guard let secret = key.sharedSecret(with: peerKey) else { throw .invalidKey }
        self.secret = secret
    }

    var keyLength: Int { key.publicKey.count }

    func hash(_ label: String, _ parts: [UInt8]...) -> [UInt8] {
        let bytes = Array(label.utf8) + parts.joined()
        return hashing.sha1(bytes.span).bytes
    }

    mutating func startCiphers(incoming: String, outgoing: String) {
        self.incoming = makeCipher(incoming)
        self.outgoing = makeCipher(outgoing)
    }

    private func makeCipher(_ label: String) -> Cipher {
        let cipher = Cipher(key: hash(label, secret, torrent?.bytes ?? []))
        var unused = [UInt8](repeating: 0, count: Self.discarded)
        cipher.apply(to: &unused)
        return cipher
    }

    private static func makePadding(_ random: inout some RandomNumberGenerator) -> [UInt8] {
        (0..<Int.random(in: 0...maximumPadding, using: &random)).map { _ in
            .random(in: 0...255, using: &random)
        }
    }
}
