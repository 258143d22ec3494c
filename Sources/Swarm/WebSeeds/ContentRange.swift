/// The `Content-Range` of an HTTP response (RFC 9110, section 14.4): which bytes of which whole.
package struct ContentRange: Equatable, Sendable {
    /// The bytes that follow, by offset; nil where the server could not give any (`*/1234`).
    package let bytes: Range<Int64>?
    /// Length of the whole; nil where the server does not say (`*`).
    package let total: Int64?

    /// Reads `bytes 0-499/1234`, `bytes 0-499/*` or `bytes */1234`; nil for anything else, such as
    /// a range that is empty or goes past the end.
    package init?(_ text: String) {
        let words = text.utf8.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 })
        guard words.count == 2, words[0].elementsEqual("bytes".utf8, by: { $0 | 0x20 == $1 })
        else { return nil }
        let parts = words[1].split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        if parts[1].elementsEqual("*".utf8) {
            total = nil
        } else {
            guard let number = Self.number(parts[1]) else { return nil }
            total = number
        }
        if parts[0].elementsEqual("*".utf8) {
            guard total != nil else { return nil }
            bytes = nil
            return
        }
        let ends = parts[0].split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Self.number(ends[0]), let last = Self.number(ends[1]),
            first <= last, last < .max, last < total ?? .max
        else { return nil }
        bytes = first..<last + 1
    }

    /// Decimal digits only: no sign, no more than fit.
    static func number(_ digits: some Collection<UInt8>) -> Int64? {
        guard !digits.isEmpty else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            let (product, overflowed) = value.multipliedReportingOverflow(by: 10)
            let (sum, carried) = product.addingReportingOverflow(
                Int64(digit - UInt8(ascii: "0")))
            guard !overflowed, !carried else { return nil }
            value = sum
        }
        return value
    }
}
