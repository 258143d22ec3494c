import TorrentCore

/// By which packets find their connection: one endpoint may have many (BEP 29).
struct UTPConnectionKey: Hashable {
    let endpoint: Endpoint
    /// The number in packets to us.
    let receiveID: UInt16
}
