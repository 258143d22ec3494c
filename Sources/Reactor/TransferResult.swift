/// What a non-blocking read or write came to.
package enum TransferResult: Equatable, Sendable {
    /// So many bytes, at least one.
    case bytes(Int)
    /// Nothing now; epoll will tell.
    case wouldBlock
    /// The other side has closed its half.
    case endOfStream
    /// The connection is gone: an error number.
    case failed(Int32)
}
