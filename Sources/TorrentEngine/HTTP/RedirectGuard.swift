package import TorrentCore

/// Keeps others from making us ask hosts inside our own network (server-side request forgery).
///
/// A URL that the user gave may name any host, but once the request has been to a public address it
/// goes to no private one: that is a redirect, or a name that changes what it stands for. A URL that
/// a torrent brought goes to public addresses only. Asked with each address that is connected to,
/// and before each request, so that it does not matter what a name resolved to before.
package struct RedirectGuard: Sendable {
    /// Whether a public address has been asked, or none but such may be.
    package private(set) var hasBeenPublic: Bool

    /// Allows every first hop, or only public ones.
    package init(publicOnly: Bool = false) { hasBeenPublic = publicOnly }

    /// Whether a connection to this address may be opened.
    package func mayConnect(to address: IPAddress) -> Bool {
        !hasBeenPublic || !(address.isPrivate || address.isUnroutable)
    }

    /// Whether a request may be sent to this address; to be asked before each hop.
    package mutating func allows(_ address: IPAddress) -> Bool {
        guard mayConnect(to: address) else { return false }
        if !address.isPrivate { hasBeenPublic = true }
        return true
    }
}
