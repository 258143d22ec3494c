/// What a block that has arrived whole is worth.
package enum BlockArrival: Equatable, Sendable {
    /// It belongs in the piece: copy it there if it went to scratch memory. Where the piece has no
    /// buffer, keep it by itself.
    case wanted
    /// It is there already, or nobody wants it: drop it.
    case duplicate
}
