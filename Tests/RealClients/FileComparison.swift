import Foundation

/// Compares what a client made, or a mount shows, with the source.
package enum FileComparison {
    /// The first difference between two files, in words; nil when they are equal.
    package static func difference(_ path: String, _ source: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "\(path): cannot open, errno \(errno)" }
        defer { close(file) }
        let original = open(source, O_RDONLY | O_CLOEXEC)
        guard original >= 0 else { return "\(source): cannot open, errno \(errno)" }
        defer { close(original) }
        var ours = [UInt8](repeating: 0, count: 1 << 18)
        var theirs = ours
        var offset = 0
        while true {
            let count = fill(file, &ours)
            guard count >= 0 else { return "\(path): errno \(errno) at \(offset)" }
            guard fill(original, &theirs) == count else { return "\(path): another length" }
            if count == 0 { return nil }
            if memcmp(ours, theirs, count) != 0 {
                let place = (0..<count).first { ours[$0] != theirs[$0] } ?? 0
                return "\(path): another byte at \(offset + place)"
            }
            offset += count
        }
    }

    /// The differences between all files of a dataset and those below `root`.
    ///
    /// - Parameter client: who made them; Transmission 3.00 makes no empty files.
    package static func differences(
        _ dataset: Dataset, in root: String, madeBy client: RealClient? = nil
    ) -> [String] {
        dataset.regularFiles.filter { client != .transmission || $0.size > 0 }.compactMap { file in
            difference(dataset.path(of: file, in: root), dataset.path(of: file))
        }
    }

    /// Reads `length` bytes at `offset`; fewer at the end of the file.
    package static func read(_ path: String, at offset: Int, length: Int) throws -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw RealClientError("\(path): open: errno \(errno)") }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: length)
        var filled = 0
        while filled < length {
            let count = bytes.withUnsafeMutableBytes { buffer in
                pread(
                    file, buffer.baseAddress?.advanced(by: filled), length - filled,
                    off_t(offset + filled))
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw RealClientError("\(path): read: errno \(errno)") }
            if count == 0 { break }
            filled += count
        }
        return Array(bytes[..<filled])
    }

    private static func fill(_ descriptor: Int32, _ buffer: inout [UInt8]) -> Int {
        var filled = 0
        while filled < buffer.count {
            let wanted = buffer.count - filled
            let count = buffer.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress?.advanced(by: filled), wanted)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count < 0 ? count : filled }
            filled += count
        }
        return filled
    }
}
