/// Why bytes are no bencoded value (BEP 3). Positions are byte offsets.
package enum BencodeError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The bytes end inside a value.
    case truncated(at: Int)
    /// A byte that starts no value, or ends nothing.
    case unexpectedByte(at: Int)
    /// An integer without digits, with a leading zero, or `-0`.
    case invalidInteger(at: Int)
    /// A string's length with a leading zero, or one that does not fit the bytes that are left.
    case invalidStringLength(at: Int)
    /// A dictionary key that is no string, or a key without a value.
    case invalidKey(at: Int)
    /// Keys that are not in order, or twice the same, where order is asked for.
    case unsortedKeys(at: Int)
    /// Lists and dictionaries nested deeper than the limit.
    case tooDeep(at: Int)
    /// More values than the limit.
    case tooManyValues
    /// More bytes than the limit.
    case tooLong
    /// Bytes after the value.
    case trailingBytes(at: Int)

    package var description: String {
        switch self {
        case .truncated(let offset): "bencoded data ends too early, at byte \(offset)"
        case .unexpectedByte(let offset): "no bencoded value at byte \(offset)"
        case .invalidInteger(let offset): "malformed integer at byte \(offset)"
        case .invalidStringLength(let offset): "malformed string length at byte \(offset)"
        case .invalidKey(let offset): "malformed dictionary at byte \(offset)"
        case .unsortedKeys(let offset): "dictionary keys out of order at byte \(offset)"
        case .tooDeep(let offset): "bencoded data nested too deep at byte \(offset)"
        case .tooManyValues: "too many bencoded values"
        case .tooLong: "too much bencoded data"
        case .trailingBytes(let offset):
            "unexpected data after the bencoded value, at byte \(offset)"
        }
    }
}
