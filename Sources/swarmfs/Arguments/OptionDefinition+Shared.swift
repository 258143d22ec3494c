/// Options that mean the same in several commands.
extension OptionDefinition {
    /// A further tracker.
    static let tracker = OptionDefinition(
        name: "tracker", value: "URL",
        help: "Announce to this tracker too (http, https, udp). Repeatable.")

    /// Routers are left alone.
    static let noPortMapping = OptionDefinition(
        name: "no-port-mapping",
        help: "Do not ask the router to forward the port (NAT-PMP, UPnP).")

    /// The local network is not told of torrents.
    static let noLocalDiscovery = OptionDefinition(
        name: "no-lsd", help: "Do not look for peers on the local network.")

    /// Which part of the local network is told of torrents.
    static let localDiscoveryInterface = OptionDefinition(
        name: "lsd-interface", value: "NAME",
        help: "Look for peers on the network of this interface only. Repeatable.")

    /// Where to accept peers.
    static let listen = OptionDefinition(
        name: "listen", value: "[ADDR]:PORT",
        help: "Accept peers there. Repeatable. Default: :6881, or a free port.")

    /// Another cache directory.
    static let cache = OptionDefinition(
        name: "cache", value: "DIR",
        help: "The cache directory. Default: $XDG_CACHE_HOME/swarmfs or ~/.cache/swarmfs.")

    /// Output for programs.
    static let json = OptionDefinition(name: "json", help: "Print JSON for programs.")
}
