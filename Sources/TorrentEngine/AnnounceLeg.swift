import TorrentCore
import TrackerProtocol

/// One of the requests that an announce to a tracker consists of.
struct AnnounceLeg: Hashable, Sendable {
    /// The tracker's number in `SwarmAnnounces`.
    let tracker: Int
    /// Over what it goes.
    let family: AnnounceFamily
}

extension AnnounceFamily {
    /// The family of an address.
    init(_ address: IPAddress) { self = address.isV6 ? .v6 : .v4 }
}
