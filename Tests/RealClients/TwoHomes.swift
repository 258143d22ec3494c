/// Two machines behind address translators (NAT) of their own, and one on the internet between them:
/// five networks of a test's own.
///
/// The translators are Linux's: they let in what answers what went out, to exactly the address and
/// port that it went to, and drop everything else without a word. What goes out keeps its port.
package struct TwoHomes: Sendable {
    /// The machine between them, at `internetAddress`.
    package let internet: NetworkNamespace
    /// The machines at home, each at `homeAddress` of its own network.
    package let homes: [NetworkNamespace]
    /// An address of the machine between them.
    package let internetAddress = "198.51.100.1"
    /// The address of each machine at home, which means nothing outside.
    package let homeAddress = "192.168.77.2"
    /// The addresses by which the internet knows the two homes.
    package let outerAddresses = ["198.51.100.2", "198.51.100.3"]

    private let translators: [NetworkNamespace]

    private static let rules = """
        table ip translation {
            chain out { type nat hook postrouting priority srcnat; oifname wan masquerade; }
            chain in { type filter hook input priority filter; iifname wan drop; }
            chain through {
                type filter hook forward priority filter
                iifname wan ct state != { established, related } drop
            }
        }
        """

    /// Makes them and connects them; takes root.
    package init() throws {
        internet = try .bare()
        homes = [try .bare(), try .bare()]
        translators = [try .bare(), try .bare()]
        try Self.run(internet, "ip", "link", "add", "wan", "type", "bridge")
        try Self.start(internet, "wan", internetAddress)
        for side in 0..<2 {
            let (home, translator, port) = (homes[side], translators[side], "home\(side)")
            try Self.connect(internet, port, translator, "wan")
            try Self.run(internet, "ip", "link", "set", port, "master", "wan", "up")
            try Self.start(translator, "wan", outerAddresses[side])
            try Self.connect(translator, "lan", home, "eth0")
            try Self.start(translator, "lan", "192.168.77.1")
            try Self.start(home, "eth0", homeAddress)
            try Self.run(home, "ip", "route", "add", "default", "via", "192.168.77.1")
            try Self.run(
                translator, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
            try Self.run(translator, "nft", Self.rules)
        }
    }

    private static func connect(
        _ one: NetworkNamespace, _ device: String, _ other: NetworkNamespace, _ otherDevice: String
    ) throws {
        try ChildProcess.output(of: [
            "ip", "link", "add", device, "netns", String(one.pid), "type", "veth",
            "peer", "name", otherDevice, "netns", String(other.pid),
        ])
    }

    private static func start(
        _ machine: NetworkNamespace, _ device: String, _ address: String
    ) throws {
        try run(machine, "ip", "address", "add", address + "/24", "dev", device)
        try run(machine, "ip", "link", "set", device, "up")
    }

    private static func run(_ machine: NetworkNamespace, _ command: String...) throws {
        try ChildProcess.output(of: machine.command(command))
    }

    /// Takes all away.
    package func end() {
        for machine in [internet] + homes + translators { machine.end() }
    }
}
