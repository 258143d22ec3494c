import Foundation

/// Two networks of a test's own with a cable between them.
package struct TwoMachines: Sendable {
    /// One end, where `hereAddress` is.
    package let here: NetworkNamespace
    /// The other one, where `thereAddress` is.
    package let there: NetworkNamespace
    /// The address of one end of the cable.
    package let hereAddress = "10.77.0.1"
    /// That of the other end.
    package let thereAddress = "10.77.0.2"

    /// Makes both and connects them; takes root.
    package init() throws {
        here = try .bare()
        there = try .bare()
        try ChildProcess.output(of: [
            "ip", "link", "add", "eth0", "netns", String(here.pid), "type", "veth",
            "peer", "name", "eth0", "netns", String(there.pid),
        ])
        for (machine, address) in [(here, hereAddress), (there, thereAddress)] {
            for command in [
                ["address", "add", "\(address)/24", "dev", "eth0"], ["link", "set", "eth0", "up"],
            ] {
                try ChildProcess.output(of: machine.command(["ip"] + command))
            }
        }
    }

    /// Pulls the cable, or plugs it in again.
    package func setConnected(_ isConnected: Bool) throws {
        try ChildProcess.output(
            of: there.command(["ip", "link", "set", "eth0", isConnected ? "up" : "down"]))
    }

    /// Takes both away.
    package func end() {
        here.end()
        there.end()
    }
}
