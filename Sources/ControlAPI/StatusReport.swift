import FoundationEssentials

/// What `swarmfs status --json` prints: `{"mounts":[...]}`.
package struct StatusReport: Codable, Equatable, Sendable {
    /// The live mounts, by mountpoint.
    package var mounts: [MountStatus]

    /// A report.
    package init(mounts: [MountStatus]) { self.mounts = mounts }

    /// Indented JSON with sorted keys, without a newline at the end.
    package var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else {
            preconditionFailure("a status holds only integers and strings, which always encode")
        }
        return String(decoding: data, as: UTF8.self)
    }
}
