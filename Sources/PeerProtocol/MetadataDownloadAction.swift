/// What a metadata download wants done.
package enum MetadataDownloadAction: Equatable, Sendable {
    /// Ask the peer for this piece of the info dictionary.
    case request(peer: UInt32, piece: Int)
    /// The info dictionary, verified by the infohash. The last action.
    case completed([UInt8])
    /// The peer sent what cannot be true; close its connection. It is forgotten already.
    case drop(peer: UInt32)
}
