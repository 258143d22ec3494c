/// Over which addresses a tracker is asked.
package enum AnnounceFamily: Hashable, Sendable {
    /// Whichever of its addresses answers.
    case any
    /// IPv4 only.
    case v4
    /// IPv6 only.
    case v6
}
