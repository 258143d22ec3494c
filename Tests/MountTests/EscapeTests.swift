import Foundation
import RealClients
import Testing

/// Names and links of a torrent are whatever its maker wrote; nothing of them is a path outside.
@Suite("A hostile torrent stays inside of its mount", .realClients)
struct EscapeTests {
    private static func string(_ text: String) -> String { "\(text.utf8.count):\(text)" }

    private static func file(_ path: [String], link: [String]? = nil) -> String {
        let attribute = link == nil ? "" : "4:attr1:l"
        let target = link.map { "12:symlink pathl\($0.map(string).joined())e" } ?? ""
        return "d\(attribute)6:lengthi\(link == nil ? 5 : 0)e"
            + "4:pathl\(path.map(string).joined())e\(target)e"
    }

    /// A v1 torrent whose every name wants out.
    private static let torrent: String = {
        let up = [String](repeating: "..", count: 12)
        let files = [
            file(up + ["etc", "passwd"]), file(["/etc/passwd"]), file(["/", "etc", "shadow"]),
            file(["", ".", "..", "plain"]), file(["a/../../b"]), file(["..\u{2215}x"]),
            file(["link-up"], link: up + ["etc", "passwd"]),
            file(["link-root"], link: ["/etc/passwd"]), file(["link-self"], link: ["link-self"]),
            file(["deep", "link"], link: ["..", "..", ".."]),
            file(["through"], link: ["link-up", "shadow"]),
        ]
        let pieces = String(repeating: "x", count: 20)
        return "d4:infod5:filesl\(files.joined())e4:name\(string("../../evil"))"
            + "12:piece lengthi16384e6:pieces\(string(pieces))ee"
    }()

    /// The text of a symbolic link; nil where there is none.
    private static func link(_ path: String) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: path)
    }

    /// What lies outside of the mount.
    private static func escapes(of mountpoint: String) throws -> [String] {
        let listing = try ChildProcess.output(of: ["find", mountpoint])
        var escapes: [String] = []
        var entries = 0
        for line in listing.split(separator: "\n") {
            entries += 1
            let entry = String(line)
            let real = try ChildProcess.run(["realpath", "-m", entry]).output
            // A link to itself is nothing at all.
            if !real.isEmpty, !real.hasPrefix(mountpoint) {
                escapes.append("\(entry) is \(real)")
            }
            if let text = link(entry), text.hasPrefix("/") {
                escapes.append("\(entry) leads to \(text)")
            }
        }
        if entries < 10 { escapes.append("only \(entries) entries:\n\(listing)") }
        return escapes
    }

    @Test func `no name and no link leads out, and the cache has names of its own`() throws {
        try TestBed.run { bed in
            let path = try bed.newFolder("torrent") + "/evil.torrent"
            try Self.torrent.write(toFile: path, atomically: true, encoding: .utf8)
            let mount = try bed.mount([path])
            #expect(try Self.escapes(of: mount.mountpoint) == [])
            let cached = try ChildProcess.output(of: ["find", bed.swarmfs.cache])
            #expect(!cached.contains("passwd") && !cached.contains("evil"))
        }
    }
}
