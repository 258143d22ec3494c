import Bencode
import TorrentCore

/// Decodes bytes and walks everything that came of it.
enum BencodeFuzzer {
    static func run(_ bytes: Span<UInt8>) {
        let bytes = [UInt8](copying: bytes)
        guard let document = try? BencodeDocument(prefixOf: bytes, limits: .message) else {
            return
        }
        precondition(document.byteCount <= bytes.count)
        var pending = [document.root]
        while let node = pending.popLast() {
            precondition(document.range(of: node).upperBound <= document.byteCount)
            switch document.kind(of: node) {
            case .integer: _ = document.integer(node)
            case .string: _ = document.text(node)
            case .list: pending += document.elements(node)
            case .dictionary:
                for entry in document.entries(node) { pending += [entry.key, entry.value] }
            }
        }
    }
}
