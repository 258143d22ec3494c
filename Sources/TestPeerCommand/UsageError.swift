/// What is wrong with the command line.
struct UsageError: Error {
    let text: String

    init(_ text: String) { self.text = text }
}
