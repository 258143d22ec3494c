extension IPAddress: CustomStringConvertible {
    /// Dotted quad, or RFC 5952 for IPv6.
    package var description: String {
        switch self {
        case .v4(let address):
            return (0..<4).map { String(address >> UInt32(24 - 8 * $0) & 255) }.joined(
                separator: ".")
        case .v6(let high, let low):
            return Self.text(groups: (0..<8).map { Self.group($0, high, low) })
        }
    }

    /// From a dotted quad or an IPv6 address without zone; nil where it is neither.
    package init?(_ text: some StringProtocol) {
        if text.utf8.contains(UInt8(ascii: ":")) {
            self.init(v6: String(text))
        } else {
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            let bytes = parts.compactMap { $0.utf8.count <= 3 ? UInt8($0) : nil }
            guard parts.count == 4, bytes.count == 4 else { return nil }
            self.init(bytes)
        }
    }

    private init?(v6 text: String) {
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        guard halves.count <= 2, let head = Self.words(halves.first) else { return nil }
        guard halves.count == 2 else {
            self.init(words: head)
            return
        }
        guard let tail = Self.words(halves.last), head.count + tail.count < 8 else { return nil }
        self.init(words: head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail)
    }

    private init?(words: [UInt16]) {
        guard words.count == 8 else { return nil }
        self.init(words.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] })
    }

    private static func words(_ text: Substring?) -> [UInt16]? {
        guard let text, !text.isEmpty else { return [] }
        var words: [UInt16] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, part.contains("."),
                case .v4(let address)? = IPAddress(part)
            {
                words += [UInt16(address >> 16), UInt16(truncatingIfNeeded: address)]
            } else if (1...4).contains(part.utf8.count), let word = UInt16(part, radix: 16) {
                words.append(word)
            } else {
                return nil
            }
        }
        return words
    }

    private static func group(_ index: Int, _ high: UInt64, _ low: UInt64) -> UInt16 {
        let word = index < 4 ? high : low
        return UInt16(truncatingIfNeeded: word >> UInt64(48 - index % 4 * 16))
    }

    /// The longest run of two or more zero groups becomes `::` (RFC 5952, section 4.2).
    private static func text(groups: [UInt16]) -> String {
        var best = 0..<0
        var start = 0
        while start < groups.count {
            var end = start
            while end < groups.count, groups[end] == 0 { end += 1 }
            if end - start > max(1, best.count) { best = start..<end }
            start = end + 1
        }
        let hexadecimal = groups.map { String($0, radix: 16) }
        guard !best.isEmpty else { return hexadecimal.joined(separator: ":") }
        return hexadecimal[..<best.lowerBound].joined(separator: ":") + "::"
            + hexadecimal[best.upperBound...].joined(separator: ":")
    }
}
