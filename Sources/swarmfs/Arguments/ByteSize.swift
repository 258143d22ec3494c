/// Sizes in bytes, as people write and read them.
enum ByteSize {
    private static let units: [(suffix: String, shift: Int)] = [
        ("", 0), ("k", 10), ("m", 20), ("g", 30), ("t", 40),
    ]

    /// From `65536`, `64K`, `64KiB`, `1.5M`, `2GiB`, in any case; all units are binary.
    static func parse(_ option: String, _ text: String) throws(Failure) -> Int64 {
        let lower = text.lowercased()
        let digits = lower.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        var suffix = lower.dropFirst(digits.count).drop { $0 == " " }
        if suffix.count == 3, suffix.hasSuffix("ib") { suffix = suffix.dropLast(2) }
        if suffix == "b" { suffix = "" }
        let number = Double(digits)
        guard let unit = units.first(where: { $0.suffix == suffix }), let number,
            let size = Int64(exactly: (number * Double(1 << unit.shift)).rounded())
        else {
            throw Failure(
                .usage, "\(option) \(text) is no size",
                "write a number of bytes, or 64KiB, 4MiB, 1G")
        }
        return size
    }

    /// `0 B`, `14.0 KiB`, `1.25 GiB`: three or four digits, binary units.
    static func describe(_ bytes: Int64) -> String {
        guard bytes >= 1024 else { return "\(bytes) B" }
        var value = Double(bytes)
        var unit = ""
        for next in ["KiB", "MiB", "GiB", "TiB", "PiB"] where value >= 1000 || unit.isEmpty {
            value /= 1024
            unit = next
        }
        return Decimal.text(value, digits: value < 10 ? 2 : 1) + " " + unit
    }
}
