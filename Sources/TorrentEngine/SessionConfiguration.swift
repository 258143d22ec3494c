package import PieceStorage
package import Swarm

/// What a session is told at its start.
package struct SessionConfiguration: Sendable {
    /// The registered-range port that BitTorrent clients have always tried first (BEP 3).
    package static let defaultPort: UInt16 = 6881

    /// Where to accept peers; with no entry, none are accepted.
    package var listen: [ListenAddress] = [
        ListenAddress(address: nil, port: SessionConfiguration.defaultPort)
    ]
    /// Whether another port may be taken where the port is in use: true unless the user chose it.
    package var mayChooseOtherPort = true
    /// The cache directory, created where it is missing; nil for a session that only seeds.
    package var cacheDirectory: String?
    /// Where the torrents will be mounted; others who want to use them are told.
    package var mountpoint: String?
    /// Whether each piece that is cached already is hashed again before it is served first, once
    /// between two starts of the machine.
    package var verifiesOnce = false
    /// Whether there is to be no network at all: nobody is listened to, called, or told anything, and
    /// reads of what is not cached fail at once.
    package var isOffline = false
    /// How much of the disk the cache may use.
    package var cacheLimits = CacheLimits.standard
    /// Peers that the user named, `host:port`.
    package var peers: [String] = []
    /// Trackers that the user named, each a tier of its own.
    package var trackers: [String] = []
    /// Whether connections to peers are encrypted.
    package var encryption = EncryptionPolicy.prefer
    /// How to take part in the DHT; nil: not at all.
    package var dht: DHTOptions?
    /// Whether a router is asked to forward the port on which peers are accepted.
    package var portMapping = PortMappingScope.automatic
    /// Where peers of the local network are looked for.
    package var localDiscovery = LocalDiscoveryScope.listening
    /// Web seeds that the user named, for every torrent.
    package var webSeeds: [String] = []
    /// Where .torrent files may be found, with `{infohash}` in place of the infohash.
    package var metadataURLs: [String] = []
    /// Whether trackers and web seeds that a torrent names may be in this machine's own networks.
    package var allowsPrivateURLs = false
    /// A file with the certificate authorities to trust (PEM); nil for the system's.
    package var authorities: String?
    /// Whether peers are reached over uTP too (BEP 29), on the UDP port beside the TCP port.
    package var isUTPEnabled = true
    /// Whether cached pieces are served to peers.
    package var isUploadEnabled = true
    /// Bytes of piece buffers: pieces being received, hashed or written, over all torrents; each
    /// may have four pieces whatever this says. 64 MiB hold half a second of a link of 1 Gbit/s, and
    /// more makes no stream faster: a larger backlog only waits longer for the same disk.
    package var bufferBytes = 64 * 1024 * 1024
    /// How fast it may be at first.
    package var limits = RateLimits()
    /// Connections over all torrents. Each costs a descriptor and some kilobytes.
    package var connectionLimit = 200
    /// Seeds every random decision but the peer identity; a test may fix it.
    package var seed: UInt64 = UInt64.random(in: 0...(.max))

    /// Defaults, with the given cache directory.
    package init(cacheDirectory: String?) { self.cacheDirectory = cacheDirectory }
}
