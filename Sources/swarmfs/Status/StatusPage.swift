import ControlAPI

/// Renders `swarmfs status` for people: one head line a mount, one aligned line a torrent.
enum StatusPage {
    private static let columns = [
        "SIZE", "CACHED", "PEERS", "DOWN", "UP", "READS", "STATE", "NAME",
    ]
    /// Numbers stand to the right, words to the left.
    private static let leftColumns: Set<Int> = [6, 7]

    static func text(_ mounts: [ListedMount]) -> String {
        mounts.map(text).joined(separator: "\n")
    }

    private static func text(_ mount: ListedMount) -> String {
        switch mount {
        case .silent(let mountpoint, let pid, let reason):
            return Failure.printable("\(mountpoint)  pid \(pid), no status: \(reason)") + "\n"
        case .answering(let status):
            var facts = ["pid \(status.pid)"]
            facts.append(status.listenPort == 0 ? "no port open" : "port \(status.listenPort)")
            facts.append("up \(TimeSpan.describe(seconds: status.uptime))")
            if let passthrough = status.passthrough { facts.append(reading(passthrough)) }
            let head = Failure.printable(status.mountpoint) + "  " + facts.joined(separator: ", ")
            return head + "\n" + table(status.torrents.map(row))
        }
    }

    private static func reading(_ passthrough: String) -> String {
        switch passthrough {
        case "on": "passthrough"
        case "off": "passthrough switched off"
        case "unsupported": "no passthrough in this kernel"
        case "not_permitted": "no passthrough without CAP_SYS_ADMIN"
        default: "passthrough \(passthrough)"
        }
    }

    private static func row(_ torrent: TorrentStatus) -> [String] {
        [
            ByteSize.describe(torrent.size),
            percent(torrent.cachedBytes, of: torrent.size),
            "\(torrent.peersUnchoked)/\(torrent.peers)",
            rate(torrent.downloadRate),
            rate(torrent.uploadRate),
            String(torrent.waitingReads),
            Failure.printable(torrent.state),
            Failure.printable(torrent.name),
        ]
    }

    /// Never `100 %` before the last byte is there.
    static func percent(_ part: Int64, of whole: Int64) -> String {
        guard whole > 0, part < whole else { return "100 %" }
        let tenths = (Double(part) / Double(whole) * 1000).rounded(.down)
        return Decimal.text(min(tenths, 999) / 10, digits: 1) + " %"
    }

    private static func rate(_ bytes: Int) -> String {
        bytes == 0 ? "-" : ByteSize.describe(Int64(bytes)) + "/s"
    }

    private static func table(_ rows: [[String]]) -> String {
        let lines = [columns] + rows
        let widths = columns.indices.map { column in
            lines.map { $0[column].count }.max() ?? 0
        }
        var text = ""
        for line in lines {
            var cells: [String] = []
            for (column, cell) in line.enumerated() {
                let gap = String(repeating: " ", count: widths[column] - cell.count)
                let isLast = column == columns.count - 1
                cells.append(leftColumns.contains(column) ? cell + (isLast ? "" : gap) : gap + cell)
            }
            text += "  " + cells.joined(separator: "  ") + "\n"
        }
        return text
    }
}
