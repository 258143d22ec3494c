/// How a session takes part in the DHT (BEP 5).
package struct DHTOptions: Sendable {
    /// Public entrances, run by those who make the clients of the same names.
    package static let publicRouters = [
        "router.bittorrent.com:6881", "dht.transmissionbt.com:6881", "router.utorrent.com:6881",
        "dht.libtorrent.org:25401",
    ]

    /// Nodes to begin with, `host:port`, that the user named: then nothing else leads into the DHT,
    /// neither public routers nor the last run's table nor torrents. Nil: all of those do.
    package var bootstrap: [String]?
    /// Where the routing table is kept from one run to the next; nil: nowhere.
    package var stateFile: String?

    /// Takes part; the defaults lead into the public DHT, unless all listening addresses are on the
    /// loopback device.
    package init(bootstrap: [String]? = nil, stateFile: String? = nil) {
        self.bootstrap = bootstrap
        self.stateFile = stateFile
    }
}
