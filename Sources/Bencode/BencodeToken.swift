/// One entry of a document's table, in 8 bytes: where a value starts, and how to get past it.
///
/// A value ends where the token after it starts, so each list and dictionary has an end token and
/// the table has one last end token.
struct BencodeToken: Sendable {
    /// Offsets are kept in 32 bits, and token distances in 29.
    static let maximumOffset = 1 << 29 - 1

    /// Offset of the value's first byte.
    let offset: UInt32
    private let packed: UInt32

    /// An end: of a list, of a dictionary, or of the document.
    static let endKind: UInt32 = 7

    /// `extent` is the distance in tokens to the next sibling for a list or dictionary, and the
    /// number of bytes before the content (digits and colon) for a string.
    init(offset: Int, kind: UInt32, extent: Int) {
        self.offset = UInt32(offset)
        packed = kind << 29 | UInt32(extent)
    }

    var kind: UInt32 { packed >> 29 }
    var extent: Int { Int(packed & (1 << 29 - 1)) }
}
