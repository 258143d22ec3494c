// Concrete, so that the per-message path stays free of calls through generics.

extension Span<UInt8> {
    /// The big-endian number at `offset`; the caller has checked that four bytes are there.
    @inline(__always)
    func number(at offset: Int) -> UInt32 {
        UInt32(self[offset]) << 24 | UInt32(self[offset + 1]) << 16
            | UInt32(self[offset + 2]) << 8 | UInt32(self[offset + 3])
    }
}

extension [UInt8] {
    /// Appends a big-endian number.
    @inline(__always)
    mutating func appendNumber(_ value: UInt32) {
        append(UInt8(truncatingIfNeeded: value >> 24))
        append(UInt8(truncatingIfNeeded: value >> 16))
        append(UInt8(truncatingIfNeeded: value >> 8))
        append(UInt8(truncatingIfNeeded: value))
    }
}
