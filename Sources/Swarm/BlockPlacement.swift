/// Where the payload of a block that has begun to arrive goes.
package enum BlockPlacement: Equatable, Sendable {
    /// Straight into the piece's buffer.
    case direct
    /// Into scratch memory, since another peer is writing the same block; copied into the buffer
    /// where `blockArrived` then says that it is wanted.
    case scratch
    /// Into scratch memory, never to be used.
    case discard
}
