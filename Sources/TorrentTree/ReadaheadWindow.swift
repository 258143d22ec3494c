/// What a sequential reader will want next, in bytes of its file; replaces what was said before.
package struct ReadaheadWindow: Equatable, Sendable {
    /// The reader's number.
    package let stream: UInt64
    /// The bytes; empty where nothing more is wanted.
    package let bytes: Range<Int64>
}
