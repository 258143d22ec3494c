/// Why a real program could not be driven: what was awaited and what it printed instead.
package struct RealClientError: Error, CustomStringConvertible {
    /// What went wrong, in words.
    package let description: String

    /// An error that says what went wrong.
    package init(_ description: String) {
        self.description = description
    }
}
