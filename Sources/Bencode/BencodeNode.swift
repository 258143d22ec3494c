/// The place of one value in a `BencodeDocument`, for its methods; no bytes of its own.
package struct BencodeNode: Hashable, Sendable {
    let index: UInt32

    init(_ index: Int) { self.index = UInt32(index) }

    var position: Int { Int(index) }
}
