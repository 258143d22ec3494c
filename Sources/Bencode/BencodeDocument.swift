/// A decoded value that stays in its bytes: the bytes and a flat table of 8 bytes a value.
///
/// Decoding copies nothing and does not recurse. Nodes are looked up by position; any node's exact
/// bytes can be had, which is what an infohash is made of.
package struct BencodeDocument: Sendable {
    /// The bytes that were decoded, with whatever follows the value.
    package let bytes: [UInt8]
    let tokens: [BencodeToken]
    /// Whether all dictionaries had their keys in order and none twice.
    package let hasSortedKeys: Bool

    /// Decodes `bytes`, which must be one value and nothing else.
    package init(
        parsing bytes: [UInt8], limits: BencodeLimits = .standard
    ) throws(BencodeError) {
        try self.init(prefixOf: bytes, limits: limits)
        guard byteCount == bytes.count else { throw .trailingBytes(at: byteCount) }
    }

    /// Decodes the value at the start of `bytes`; other data may follow (BEP 9's data message).
    package init(
        prefixOf bytes: [UInt8], limits: BencodeLimits = .standard
    ) throws(BencodeError) {
        guard bytes.count <= limits.bytes else { throw .tooLong }
        var scanner = BencodeScanner(limits: limits)
        try scanner.scan(bytes.span)
        self.bytes = bytes
        tokens = scanner.tokens
        hasSortedKeys = scanner.hasSortedKeys
    }

    /// The outermost value.
    package var root: BencodeNode { BencodeNode(0) }

    /// How many bytes the outermost value takes.
    package var byteCount: Int { tokens.last.map { Int($0.offset) } ?? 0 }

    // MARK: - Any node

    /// What sort of value it is.
    package func kind(of node: BencodeNode) -> BencodeKind {
        guard let kind = BencodeKind(rawValue: tokens[node.position].kind) else {
            preconditionFailure("a node is never an end token")
        }
        return kind
    }

    /// Where the whole value stands, from its first byte to past its last.
    package func range(of node: BencodeNode) -> Range<Int> {
        Int(tokens[node.position].offset)..<Int(tokens[next(after: node.position)].offset)
    }

    // MARK: - Scalars

    /// An integer's value; nil for another kind, and for a number beyond 64 bits.
    package func integer(_ node: BencodeNode) -> Int64? {
        guard kind(of: node) == .integer else { return nil }
        let range = range(of: node)
        var position = range.lowerBound + 1
        let isNegative = bytes[position] == UInt8(ascii: "-")
        if isNegative { position += 1 }
        var value: Int64 = 0
        while position < range.upperBound - 1 {
            let digit = Int64(bytes[position] - UInt8(ascii: "0"))
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            // Built up below zero, where there is room for the smallest number.
            let (sum, overflow2) = product.subtractingReportingOverflow(digit)
            guard !overflow, !overflow2 else { return nil }
            value = sum
            position += 1
        }
        if isNegative { return value }
        return value == .min ? nil : -value
    }

    /// Where a string's content stands, which may be empty; nil for another kind.
    package func stringRange(_ node: BencodeNode) -> Range<Int>? {
        guard kind(of: node) == .string else { return nil }
        let token = tokens[node.position]
        return Int(token.offset) + token.extent..<Int(tokens[node.position + 1].offset)
    }

    /// A copy of a string's content; nil for another kind.
    package func string(_ node: BencodeNode) -> [UInt8]? {
        stringRange(node).map { Array(bytes[$0]) }
    }

    /// A string's content as text, with U+FFFD for what is not UTF-8; nil for another kind.
    package func text(_ node: BencodeNode) -> String? {
        stringRange(node).map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    // MARK: - Lists and dictionaries

    /// The first element of a list; nil where it is empty, or no list.
    package func firstElement(_ node: BencodeNode) -> BencodeNode? {
        kind(of: node) == .list ? child(at: node.position + 1) : nil
    }

    /// The element after `node` in the list that both are in; nil at the end. `node` must be an
    /// element of a list.
    package func nextElement(after node: BencodeNode) -> BencodeNode? {
        child(at: next(after: node.position))
    }

    /// The elements of a list in order; empty for another kind. For long lists walk with
    /// `firstElement` and `nextElement`, which allocate nothing.
    package func elements(_ node: BencodeNode) -> [BencodeNode] {
        var elements: [BencodeNode] = []
        var element = firstElement(node)
        while let current = element {
            elements.append(current)
            element = nextElement(after: current)
        }
        return elements
    }

    /// The first key and value of a dictionary; nil where it is empty, or no dictionary.
    package func firstEntry(_ node: BencodeNode) -> BencodeEntry? {
        kind(of: node) == .dictionary ? entry(at: node.position + 1) : nil
    }

    /// The entry after `entry` in the same dictionary; nil at the end.
    package func nextEntry(after entry: BencodeEntry) -> BencodeEntry? {
        self.entry(at: next(after: entry.value.position))
    }

    /// The keys and values of a dictionary as they stand; empty for another kind.
    package func entries(_ node: BencodeNode) -> [BencodeEntry] {
        var entries: [BencodeEntry] = []
        var entry = firstEntry(node)
        while let current = entry {
            entries.append(current)
            entry = nextEntry(after: current)
        }
        return entries
    }

    /// The value of a dictionary's key; nil where there is none, and for another kind. Of equal
    /// keys the first counts. Walks the dictionary.
    package func value(_ node: BencodeNode, _ key: StaticString) -> BencodeNode? {
        key.withUTF8Buffer { wanted in
            var entry = firstEntry(node)
            while let current = entry {
                if isString(current.key, equalTo: wanted) { return current.value }
                entry = nextEntry(after: current)
            }
            return nil
        }
    }

    /// The value of a dictionary's key that is not known beforehand; see the other `value`.
    package func value(_ node: BencodeNode, _ key: [UInt8]) -> BencodeNode? {
        key.withUnsafeBufferPointer { wanted in
            var entry = firstEntry(node)
            while let current = entry {
                if isString(current.key, equalTo: wanted) { return current.value }
                entry = nextEntry(after: current)
            }
            return nil
        }
    }

    // MARK: - The table

    private func isString(_ node: BencodeNode, equalTo wanted: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let range = stringRange(node), range.count == wanted.count else { return false }
        for offset in 0..<wanted.count where bytes[range.lowerBound + offset] != wanted[offset] {
            return false
        }
        return true
    }

    private func child(at position: Int) -> BencodeNode? {
        tokens[position].kind == BencodeToken.endKind ? nil : BencodeNode(position)
    }

    private func entry(at position: Int) -> BencodeEntry? {
        child(at: position).map {
            BencodeEntry(key: $0, value: BencodeNode(position + 1))
        }
    }

    private func next(after position: Int) -> Int {
        let token = tokens[position]
        switch BencodeKind(rawValue: token.kind) {
        case .list, .dictionary: return position + token.extent
        default: return position + 1
        }
    }
}
