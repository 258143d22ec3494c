import Foundation

/// A network of a test's own: nothing in it reaches the machine's, or the world.
///
/// Its one device has the addresses 10.77.0.1 to 10.77.0.9 and, for nodes of a DHT, all of
/// 10.77.1.0/24; multicast goes out by it, from 10.77.0.1 unless a client chooses. Clients that take loopback addresses for forged ones, as
/// Transmission does, dial these. Making one takes root.
package struct NetworkNamespace: Sendable {
    /// Whether this user may make one.
    package static var isPermitted: Bool { geteuid() == 0 }

    private let process: ChildProcess

    /// Makes a network with only the loopback device's own addresses, for others to be added; it is
    /// there as long as the test runs or until `end`.
    package static func bare() throws -> NetworkNamespace {
        try NetworkNamespace(script: "set -e; ip link set lo up; echo ready; exec cat")
    }

    /// Makes a network, which is there as long as the test runs or until `end`.
    package init() throws {
        // The local table behind our own rules, so that `refuseTCP` comes first.
        let script = """
            set -e
            ip link set lo up multicast on
            for last in 1 2 3 4 5 6 7 8 9; do ip address add 10.77.0.$last/24 dev lo; done
            ip route add local 10.77.1.0/24 dev lo
            ip route add 224.0.0.0/4 dev lo src 10.77.0.1
            ip rule add pref 10 lookup local
            ip rule del pref 0
            echo ready
            exec cat
            """
        try self.init(script: script)
    }

    private init(script: String) throws {
        process = try ChildProcess(["unshare", "--net", "--", "sh", "-c", script])
        try process.waitForLine(containing: "ready")
    }

    /// What `ip` names it by.
    package var pid: Int32 { process.pid }

    /// One of its addresses; `number` is from 1 to 9.
    package static func address(_ number: Int) -> String { "10.77.0.\(number)" }

    /// The command line that runs a command in it.
    package func command(_ arguments: [String]) -> [String] {
        ["nsenter", "--net=/proc/\(process.pid)/ns/net", "--"] + arguments
    }

    /// The same for a command to which a name of the internet is some of these addresses.
    package func command(_ arguments: [String], name: String, is addresses: String...) -> [String] {
        command(arguments, name: name, is: addresses)
    }

    /// The same.
    package func command(_ arguments: [String], name: String, is addresses: [String]) -> [String] {
        let script = """
            hosts=$(mktemp) && printf '%s' "$1" > $hosts && mount --bind $hosts /etc/hosts && rm $hosts
            shift && exec "$@"
            """
        let hosts = addresses.map { "\($0) \(name)\n" }.joined()
        return command(
            ["unshare", "--mount", "--", "sh", "-c", script, "sh", hosts] + arguments)
    }

    /// Nobody can connect to this port over TCP any more; UDP passes.
    package func refuseTCP(toPort port: UInt16) throws {
        let rule = ["pref", "5", "ipproto", "tcp", "dport", String(port), "prohibit"]
        try ChildProcess.output(of: command(["ip", "rule", "add"] + rule))
    }

    /// Takes it away.
    package func end() { process.terminate() }
}
