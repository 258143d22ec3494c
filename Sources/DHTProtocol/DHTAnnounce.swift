/// How we announce ourselves as a torrent's peer (BEP 5, 33).
package struct DHTAnnounce: Hashable, Sendable {
    /// The port where peers reach us.
    package var port: UInt16
    /// Whether the one that our datagrams come from counts instead, which is right behind address
    /// translation where peers and DHT share a port.
    package var isPortImplied: Bool
    /// Whether we have everything.
    package var isSeed: Bool

    /// An announce.
    package init(port: UInt16, isPortImplied: Bool = false, isSeed: Bool) {
        self.port = port
        self.isPortImplied = isPortImplied
        self.isSeed = isSeed
    }
}
