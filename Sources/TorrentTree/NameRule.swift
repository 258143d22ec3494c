/// How a name from a torrent becomes a name in the mount.
///
/// 1. A name stands as it is, byte for byte, unless it is empty, `.`, `..`, longer than 255 bytes,
///    or holds `/` or NUL. It need not be UTF-8.
/// 2. Otherwise `/` and NUL become `_`, an empty name and `.` become `_`, `..` becomes `__`, and
///    `~` with 8 hexadecimal digits of the name's FNV-1a hash is put before the extension, after as
///    many bytes of the name as fit.
/// 3. Where a directory has the name already, the later file in the torrent's order gets `~2`,
///    `~3` and so on before its extension.
/// 4. Where two torrents have the same name, the later one gets `-` and the first 8 digits of its
///    infohash at the end.
enum NameRule {
    /// The longest name that Linux takes, in bytes.
    static let longest = 255
    /// A longer ending than this, dot included, is no extension.
    static let longestExtension = 16

    /// The name that rules 1 and 2 give; nil where `raw` stands as it is.
    static func replacement(for raw: [UInt8]) -> [UInt8]? {
        let dot = UInt8(ascii: ".")
        let underscore = UInt8(ascii: "_")
        let isDots = raw == [dot] || raw == [dot, dot]
        let isBad = raw.contains { $0 == 0 || $0 == UInt8(ascii: "/") }
        guard raw.isEmpty || isDots || isBad || raw.count > longest else { return nil }
        var name = raw.map { $0 == 0 || $0 == UInt8(ascii: "/") ? underscore : $0 }
        if raw.isEmpty { name = [underscore] }
        if isDots { name = raw.map { _ in underscore } }
        return marked(name, with: [UInt8(ascii: "~")] + hexadecimal(hash(raw)))
    }

    /// `name` with `~number` before its extension.
    static func numbered(_ name: [UInt8], _ number: Int) -> [UInt8] {
        marked(name, with: Array("~\(number)".utf8))
    }

    /// `name` with a torrent's digits at the end.
    static func labelled(_ name: [UInt8], _ identity: String) -> [UInt8] {
        let label = Array("-\(identity.prefix(8))".utf8)
        return cut(name[...], to: longest - label.count) + label
    }

    private static func marked(_ name: [UInt8], with mark: [UInt8]) -> [UInt8] {
        var stem = name[...]
        var ending: ArraySlice<UInt8> = []
        if let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > 0,
            name.count - dot <= longestExtension
        {
            stem = name[..<dot]
            ending = name[dot...]
        }
        return cut(stem, to: longest - mark.count - ending.count) + mark + ending
    }

    /// The first bytes of a name, without a torn UTF-8 character at the end.
    private static func cut(_ name: ArraySlice<UInt8>, to count: Int) -> [UInt8] {
        guard name.count > count else { return Array(name) }
        var end = name.startIndex + count
        // A continuation byte at `end` means that the cut would tear a character of up to 4 bytes.
        var steps = 0
        while steps < 3, end > name.startIndex, name[end] & 0xC0 == 0x80 {
            end -= 1
            steps += 1
        }
        if name[end] & 0xC0 == 0x80 { end = name.startIndex + count }
        return Array(name[..<end])
    }

    /// FNV-1a in 64 bits, folded to 32. Source: RFC 9923.
    private static func hash(_ bytes: [UInt8]) -> UInt32 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return UInt32(truncatingIfNeeded: hash ^ (hash >> 32))
    }

    private static func hexadecimal(_ value: UInt32) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return (0..<8).map { digits[Int(value >> (28 - 4 * UInt32($0)) & 15)] }
    }
}
