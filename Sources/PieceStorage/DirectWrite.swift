/// How a write past the page cache went.
enum DirectWrite: Equatable, Sendable {
    case done
    /// With this error number.
    case failed(Int32)
}
