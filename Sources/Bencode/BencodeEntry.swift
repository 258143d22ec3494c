/// A key of a dictionary and its value.
package struct BencodeEntry: Sendable {
    /// The key, a string.
    package let key: BencodeNode
    /// The value.
    package let value: BencodeNode
}
