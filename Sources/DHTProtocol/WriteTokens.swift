import TorrentCore

/// The tokens by which a node shows that it can be reached under the address that it announces
/// (BEP 5): a digest of the address and of a secret that changes.
struct WriteTokens {
    /// How long a secret makes tokens; it is known for as long again, so that a token is good for 5 to
    /// 10 minutes (BEP 5).
    static let secretLifetime = Interval.seconds(5 * 60)
    private static let length = 8

    private var secret: [UInt8]
    private var previous: [UInt8]
    private(set) var nextChange: Timestamp

    init(secret: [UInt8], now: Timestamp) {
        self.secret = secret
        previous = secret
        nextChange = now + Self.secretLifetime
    }

    mutating func change(to secret: [UInt8], now: Timestamp) {
        previous = self.secret
        self.secret = secret
        nextChange = now + Self.secretLifetime
    }

    func token(for address: IPAddress, target: NodeID, hashing: any Hashing) -> [UInt8] {
        Self.token(secret, address, target, hashing)
    }

    func accepts(
        _ token: [UInt8], from address: IPAddress, target: NodeID, hashing: any Hashing
    ) -> Bool {
        token == Self.token(secret, address, target, hashing)
            || token == Self.token(previous, address, target, hashing)
    }

    private static func token(
        _ secret: [UInt8], _ address: IPAddress, _ target: NodeID, _ hashing: any Hashing
    ) -> [UInt8] {
        Array(hashing.sha1((secret + address.bytes + target.bytes).span).bytes.prefix(length))
    }
}
