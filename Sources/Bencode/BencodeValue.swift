/// A node together with its document: the convenient form for small documents such as messages.
package struct BencodeValue: Sendable {
    /// The document.
    package let document: BencodeDocument
    /// The place in it.
    package let node: BencodeNode

    /// What sort of value it is.
    package var kind: BencodeKind { document.kind(of: node) }
    /// See `BencodeDocument.integer(_:)`.
    package var integer: Int64? { document.integer(node) }
    /// See `BencodeDocument.string(_:)`.
    package var bytes: [UInt8]? { document.string(node) }
    /// See `BencodeDocument.text(_:)`.
    package var text: String? { document.text(node) }

    /// The value of a dictionary's key; nil where there is none, and for another kind.
    package subscript(key: StaticString) -> BencodeValue? {
        document.value(node, key).map { BencodeValue(document: document, node: $0) }
    }

    /// The elements of a list; nil for another kind.
    package var list: [BencodeValue]? {
        guard kind == .list else { return nil }
        return document.elements(node).map { BencodeValue(document: document, node: $0) }
    }

    /// The keys and values of a dictionary as they stand; nil for another kind.
    package var dictionary: [(key: [UInt8], value: BencodeValue)]? {
        guard kind == .dictionary else { return nil }
        return document.entries(node).map {
            (
                key: document.string($0.key) ?? [],
                value: BencodeValue(document: document, node: $0.value)
            )
        }
    }
}

extension BencodeDocument {
    /// The outermost value, with its document.
    package var rootValue: BencodeValue { BencodeValue(document: self, node: root) }
}
