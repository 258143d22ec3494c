import Metainfo
import Swarm

/// One web seed of a torrent, as the swarm machine numbers them.
struct TorrentWebSeed {
    /// More are left alone: each has connections of its own, and nobody lists so many in earnest.
    static let limit = 16

    /// Where.
    let url: WebSeedURL
    /// Whether it may lead to public addresses only.
    let publicOnly: Bool
    /// What was said of it in the log last, so that the same is not said again and again.
    var loggedFailure: WebSeedFailure?
}
