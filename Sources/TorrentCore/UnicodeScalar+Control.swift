extension Unicode.Scalar {
    /// Whether this is one of the 65 control characters (C0, delete and C1), by which text of others
    /// could have a terminal do things.
    package var isControl: Bool { value < 0x20 || (0x7F..<0xA0).contains(value) }
}
