/// Which of the two formats an info dictionary holds.
package enum TorrentVersion: Sendable, Equatable {
    /// BEP 3: SHA-1 of pieces that run across files.
    case v1
    /// BEP 52: a SHA-256 Merkle tree for each file.
    case v2
    /// Both, of the same files.
    case hybrid
}
