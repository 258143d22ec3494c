import TorrentCore

/// Numbers that nobody can foretell who has seen others of them: digests of a secret and a counter.
struct SecretNumbers {
    private let secret: [UInt8]
    private let hashing: any Hashing
    private var counter: UInt64 = 0

    /// `secret` comes from the system's generator, 16 bytes or more.
    init(secret: [UInt8], hashing: any Hashing) {
        self.secret = secret
        self.hashing = hashing
    }

    /// 20 bytes.
    mutating func next() -> [UInt8] {
        counter += 1
        var bytes = secret
        bytes.appendBigEndian(counter)
        return hashing.sha1(bytes.span).bytes
    }
}
