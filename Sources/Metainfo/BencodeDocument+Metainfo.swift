import Bencode

extension BencodeDocument {
    /// Decodes a .torrent file or an info dictionary, as far as it is bencoded.
    init(metainfo bytes: [UInt8], limits: MetainfoLimits) throws(MetainfoError) {
        do {
            try self.init(parsing: bytes, limits: limits.bencode)
        } catch {
            throw .bencode(error)
        }
    }
}
