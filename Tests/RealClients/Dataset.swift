import Foundation

/// Files whose bytes follow from a seed: what a torrent is made of, and what is read is compared to.
package struct Dataset: Sendable {
    /// The torrent's name: the folder, or the single file.
    package let name: String
    /// The folder that holds it, which is what clients call the download folder.
    package let parent: String
    /// What it consists of, in no particular order.
    package let files: [DatasetFile]
    /// Whether the torrent is a file and no folder.
    package let isSingleFile: Bool

    /// The folder, or the single file.
    package var path: String { parent + "/" + name }
    /// Bytes of all files.
    package var totalSize: Int { files.reduce(0) { $0 + $1.size } }
    /// All but the symbolic links.
    package var regularFiles: [DatasetFile] { files.filter { $0.linkTarget == nil } }

    /// The path of a file of this dataset below `root`, a folder that holds the torrent's entry.
    package func path(of file: DatasetFile, in root: String) -> String {
        isSingleFile ? "\(root)/\(name)" : "\(root)/\(name)/\(file.path)"
    }

    /// The path of a file's source.
    package func path(of file: DatasetFile) -> String { path(of: file, in: parent) }

    /// Writes the files. The same kind and seed give the same bytes everywhere.
    package init(_ kind: DatasetKind, name: String = "dataset", in parent: String, seed: UInt64 = 1)
        throws
    {
        self.name = name
        self.parent = parent
        files = kind.files
        if case .singleFile = kind { isSingleFile = true } else { isSingleFile = false }

        var generator = SplitMix64(state: seed)
        let manager = FileManager.default
        for file in files {
            let target = path(of: file)
            try manager.createDirectory(
                atPath: (target as NSString).deletingLastPathComponent,
                withIntermediateDirectories: true)
            if let link = file.linkTarget {
                try manager.createSymbolicLink(atPath: target, withDestinationPath: link)
                continue
            }
            try Self.write(file.size, to: target, with: &generator)
            chmod(target, file.isExecutable ? 0o755 : 0o644)
        }
    }

    private static func write(
        _ size: Int, to path: String, with generator: inout SplitMix64
    ) throws {
        guard let file = fopen(path, "w") else {
            throw RealClientError("cannot write \(path): errno \(errno)")
        }
        defer { fclose(file) }
        var left = size
        var words = [UInt64](repeating: 0, count: min(131_072, (size + 7) / 8))
        while left > 0 {
            for index in words.indices { words[index] = generator.next() }
            let count = min(left, words.count * 8)
            guard fwrite(words, 1, count, file) == count else {
                throw RealClientError("cannot write \(path): errno \(errno)")
            }
            left -= count
        }
    }
}

/// A small generator whose sequence is fixed by its definition, so that datasets never change.
package struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// A generator whose sequence follows from `state`.
    package init(state: UInt64) {
        self.state = state
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
