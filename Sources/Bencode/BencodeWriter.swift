/// Encodes values in the one canonical form (BEP 3), straight into bytes.
///
/// Keys must be written in ascending order of their bytes; anything else is a bug of the caller,
/// and trapped, for it would change an infohash.
package struct BencodeWriter: Sendable {
    /// What has been written.
    package private(set) var bytes: [UInt8] = []

    private enum Scope {
        case list
        case dictionary(lastKey: Range<Int>?)
    }

    /// The lists and dictionaries that are being written, the innermost last.
    private var open: [Scope] = []

    /// An empty writer.
    package init() {}

    /// Makes room for `count` bytes more.
    package mutating func reserveCapacity(_ count: Int) {
        bytes.reserveCapacity(bytes.count + count)
    }

    /// Writes an integer.
    package mutating func integer(_ value: some BinaryInteger) {
        bytes.append(UInt8(ascii: "i"))
        bytes.append(contentsOf: String(value).utf8)
        bytes.append(UInt8(ascii: "e"))
    }

    /// Writes a string of bytes.
    package mutating func string(_ value: some Collection<UInt8>) {
        bytes.append(contentsOf: String(value.count).utf8)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(contentsOf: value)
    }

    /// Writes a text as UTF-8.
    package mutating func string(_ value: String) { string(value.utf8) }

    /// Writes a list of what `body` writes.
    package mutating func list<Failure: Error>(
        _ body: (inout BencodeWriter) throws(Failure) -> Void
    ) throws(Failure) {
        bytes.append(UInt8(ascii: "l"))
        open.append(.list)
        try body(&self)
        open.removeLast()
        bytes.append(UInt8(ascii: "e"))
    }

    /// Writes a dictionary of the keys and values that `body` writes in turn.
    package mutating func dictionary<Failure: Error>(
        _ body: (inout BencodeWriter) throws(Failure) -> Void
    ) throws(Failure) {
        beginDictionary()
        try body(&self)
        endDictionary()
    }

    /// Starts a dictionary; for callers whose nesting follows data and not their code.
    package mutating func beginDictionary() {
        bytes.append(UInt8(ascii: "d"))
        open.append(.dictionary(lastKey: nil))
    }

    /// Ends what `beginDictionary` started.
    package mutating func endDictionary() {
        open.removeLast()
        bytes.append(UInt8(ascii: "e"))
    }

    /// Writes a key of the innermost dictionary; its value is to follow.
    package mutating func key(_ key: some Collection<UInt8>) {
        string(key)
        let range = bytes.count - key.count..<bytes.count
        guard let last = open.indices.last, case .dictionary(let previous) = open[last] else {
            preconditionFailure("a key outside of a dictionary")
        }
        if let previous {
            precondition(
                bytes[previous].lexicographicallyPrecedes(bytes[range]),
                "keys must be written in order")
        }
        open[last] = .dictionary(lastKey: range)
    }

    /// Writes a key that is a text.
    package mutating func key(_ key: String) { self.key(key.utf8) }

    /// Writes a value that is encoded already.
    package mutating func encoded(_ value: some Collection<UInt8>) {
        bytes.append(contentsOf: value)
    }
}
