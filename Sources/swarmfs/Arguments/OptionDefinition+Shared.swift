/// Options that mean the same in `mount` and `seed`.
extension OptionDefinition {
    /// A further tracker.
    static let tracker = OptionDefinition(
        name: "tracker", value: "URL",
        help: "Announce to this tracker too (http, https, udp). Repeatable.")

    /// Where to accept peers.
    static let listen = OptionDefinition(
        name: "listen", value: "[ADDR]:PORT",
        help: "Accept peers there. Repeatable. Default: :6881, or a free port.")
}
