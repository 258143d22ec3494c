import Bencode
import TorrentCore

/// A message of `ut_metadata`, by which peers exchange the info dictionary (BEP 9).
package enum MetadataMessage: Equatable, Sendable {
    /// Asks for a piece.
    case request(piece: Int)
    /// A piece: 16 KiB, or the rest.
    case data(piece: Int, totalSize: Int, bytes: [UInt8])
    /// The piece asked for will not be sent.
    case reject(piece: Int)

    /// Length of a piece of metadata (BEP 9).
    package static let pieceLength = 16 * 1024
    /// The longest info dictionary that is fetched or served: that of a million files fits.
    package static let maximumSize = 256 << 20

    /// How many pieces an info dictionary of `size` bytes has.
    package static func pieceCount(size: Int) -> Int { (size + pieceLength - 1) / pieceLength }

    /// Length of a piece of an info dictionary of `size` bytes; the piece must be in range.
    package static func length(ofPiece piece: Int, size: Int) -> Int {
        min(pieceLength, size - piece * pieceLength)
    }

    /// Reads a payload; nil for a type that BEP 9 does not know, which is to be ignored.
    ///
    /// A data message whose length is not what its own `total_size` implies is malformed.
    package static func parse(_ payload: [UInt8]) throws(PeerCloseReason) -> MetadataMessage? {
        let document: BencodeDocument
        do {
            document = try BencodeDocument(prefixOf: payload, limits: .message)
        } catch {
            throw .invalidExtensionMessage
        }
        let root = document.rootValue
        guard root.kind == .dictionary, let type = root["msg_type"]?.integer,
            let number = root["piece"]?.integer
        else { throw .invalidExtensionMessage }
        guard (0...2).contains(type) else { return nil }
        guard number >= 0, number < Self.pieceCount(size: maximumSize) else {
            throw .invalidExtensionMessage
        }
        let piece = Int(number)
        switch type {
        case 0: return .request(piece: piece)
        case 2: return .reject(piece: piece)
        default:
            guard let total = root["total_size"]?.integer, total > 0, total <= maximumSize,
                piece < pieceCount(size: Int(total)),
                payload.count - document.byteCount == length(ofPiece: piece, size: Int(total))
            else { throw .invalidExtensionMessage }
            return .data(
                piece: piece, totalSize: Int(total),
                bytes: Array(payload[document.byteCount...]))
        }
    }

    /// The payload.
    package func encoded() -> [UInt8] {
        switch self {
        case .request(let piece): Self.dictionary(type: 0, piece: piece, totalSize: nil)
        case .data(let piece, let totalSize, let bytes):
            Self.dictionary(type: 1, piece: piece, totalSize: totalSize) + bytes
        case .reject(let piece): Self.dictionary(type: 2, piece: piece, totalSize: nil)
        }
    }

    private static func dictionary(type: Int, piece: Int, totalSize: Int?) -> [UInt8] {
        var writer = BencodeWriter()
        writer.beginDictionary()
        writer.key("msg_type")
        writer.integer(type)
        writer.key("piece")
        writer.integer(piece)
        if let totalSize {
            writer.key("total_size")
            writer.integer(totalSize)
        }
        writer.endDictionary()
        return writer.bytes
    }
}
