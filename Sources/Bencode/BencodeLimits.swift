/// What a decoder accepts before it gives up.
package struct BencodeLimits: Sendable {
    /// Nested lists and dictionaries.
    package var depth: Int
    /// Values, with one more for the end of each list and dictionary.
    package var tokens: Int
    /// Bytes of input.
    package var bytes: Int
    /// Whether unsorted or repeated keys are refused. Many programs write unsorted keys, so
    /// readers of other programs' data leave this off.
    package var requiresSortedKeys: Bool

    /// Depth 64: of the field's formats only a v2 file tree nests deeper than a few levels, and its
    /// reader sets its own limit. Tokens take 8 bytes each, and empty lists, two bytes, take two of them:
    /// no table is longer than eight times the input.
    package init(
        depth: Int = 64, tokens: Int = 64 << 20, bytes: Int = 256 << 20,
        requiresSortedKeys: Bool = false
    ) {
        self.depth = depth
        self.tokens = tokens
        self.bytes = min(bytes, BencodeToken.maximumOffset)
        self.requiresSortedKeys = requiresSortedKeys
    }

    /// For a whole metainfo file.
    package static let standard = BencodeLimits()

    /// For one message of a peer, tracker or DHT node: these are small, and there are many.
    package static let message = BencodeLimits(depth: 16, tokens: 100_000, bytes: 4 << 20)
}
