/// A cursor over borrowed bytes that cannot run past their end.
package struct ByteReader: ~Escapable {
    private let bytes: Span<UInt8>
    /// How many bytes have been read.
    package private(set) var position = 0

    /// Starts at the first byte of `bytes`.
    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>) { self.bytes = bytes }

    /// How many bytes are left.
    package var remaining: Int { bytes.count - position }

    /// The next big-endian integer; nil, and nothing consumed, where too few bytes are left.
    package mutating func read<Value: FixedWidthInteger>(_: Value.Type = Value.self) -> Value? {
        let width = Value.bitWidth / 8
        guard remaining >= width else { return nil }
        var value: Value = 0
        for offset in 0..<width {
            value =
                (width == 1 ? 0 : value << 8) | Value(truncatingIfNeeded: bytes[position + offset])
        }
        position += width
        return value
    }

    /// The next `count` bytes, copied; nil, and nothing consumed, where too few are left.
    package mutating func readBytes(_ count: Int) -> [UInt8]? {
        guard count >= 0, remaining >= count else { return nil }
        var copy: [UInt8] = []
        copy.reserveCapacity(count)
        for offset in 0..<count { copy.append(bytes[position + offset]) }
        position += count
        return copy
    }

    /// The next `count` bytes, borrowed; nil, and nothing consumed, where too few are left.
    @_lifetime(copy self)
    package mutating func readSpan(_ count: Int) -> Span<UInt8>? {
        guard count >= 0, remaining >= count else { return nil }
        let span = bytes.extracting(position..<position + count)
        position += count
        return span
    }
}
