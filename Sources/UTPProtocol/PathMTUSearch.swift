/// Finds how long a datagram the path carries, by padded ones that routers may not cut up (RFC 8899).
struct PathMTUSearch {
    /// Every path of IPv6 carries this (1280 bytes with headers of 48), and so does nearly every one
    /// of IPv4; the rest cuts it up.
    static let minimum = 1232
    /// What Ethernet carries, 1500 bytes, without the headers of IPv4 and UDP, or IPv6 and UDP.
    static let maximumV4 = 1472, maximumV6 = 1452
    /// Nearer than this, searching costs more than it gives. A probe is longer than what is known to
    /// arrive by half of it at least, and that has to hold `UTPPacket.leastPadding`.
    private static let tolerance = 24
    /// Losses until a size counts as too long: the first may have been an ordinary one.
    private static let attempts = 2

    /// The longest datagram known to arrive.
    private(set) var length = minimum
    private var ceiling: Int
    private var losses = 0
    private var isFirst = true
    /// The probe under way.
    private(set) var probing: Int?

    init(isV6: Bool) { ceiling = isV6 ? Self.maximumV6 : Self.maximumV4 }

    /// The length of a probe to send now; nil where one is under way, or nothing is left to find.
    var nextProbe: Int? {
        guard probing == nil, ceiling - length >= Self.tolerance else { return nil }
        // Most paths are Ethernet throughout: that is tried first.
        return isFirst ? ceiling : (length + ceiling + 1) / 2
    }

    /// A probe was sent.
    mutating func sent(_ size: Int) { probing = size }

    /// The probe has arrived.
    mutating func arrived() {
        guard let size = probing else { return }
        probing = nil
        losses = 0
        isFirst = false
        length = max(length, size)
    }

    /// The probe was lost.
    mutating func lost() {
        guard let size = probing else { return }
        probing = nil
        losses += 1
        guard losses >= Self.attempts else { return }
        losses = 0
        isFirst = false
        ceiling = max(length, size - 1)
    }

    /// Nothing arrives any more: the path may have changed.
    mutating func fallBack() {
        length = Self.minimum
        probing = nil
    }
}
