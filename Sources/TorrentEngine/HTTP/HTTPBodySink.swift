/// Takes a response as it comes, instead of having its body collected. Called on the client's
/// thread, and must not block.
package protocol HTTPBodySink: AnyObject, Sendable {
    /// The head is there, whatever its status, and the body follows; false ends the request with
    /// `declined`.
    func begin(_ head: HTTPHead) -> Bool
    /// The next bytes of the body; false ends the request with `declined`.
    func receive(_ bytes: UnsafeRawBufferPointer) -> Bool
}
