import Bencode
import TorrentCore

/// A dictionary of a datagram, read by key: what is missing or of another kind is nil.
struct KRPCFields {
    /// The longest error text that is kept.
    private static let errorTextLimit = 200

    let document: BencodeDocument
    let node: BencodeNode

    func bytes(_ key: StaticString) -> [UInt8]? {
        document.value(node, key).flatMap { document.string($0) }
    }

    func bytes(_ key: StaticString, count: Int) -> [UInt8]? {
        bytes(key).flatMap { $0.count == count ? $0 : nil }
    }

    func integer(_ key: StaticString) -> Int64? {
        document.value(node, key).flatMap { document.integer($0) }
    }

    func fields(_ key: StaticString) -> KRPCFields? {
        guard let value = document.value(node, key), document.kind(of: value) == .dictionary
        else { return nil }
        return KRPCFields(document: document, node: value)
    }

    func id(_ key: StaticString) -> NodeID? { bytes(key).flatMap { NodeID($0) } }

    func digest(_ key: StaticString) -> SHA1Digest? { bytes(key).flatMap { SHA1Digest($0) } }

    /// A value as it is encoded.
    func encoded(_ key: StaticString) -> [UInt8]? {
        document.value(node, key).map { Array(document.bytes[document.range(of: $0)]) }
    }

    /// The strings of a list.
    func list(_ key: StaticString) -> [[UInt8]] {
        guard let value = document.value(node, key) else { return [] }
        return document.elements(value).compactMap { document.string($0) }
    }

    /// A compact list of nodes; nil where there is none.
    func contacts(
        _ key: StaticString, _ family: AddressFamily
    ) throws(KRPCDecodingError) -> [NodeContact]? {
        guard let bytes = bytes(key) else { return nil }
        guard let contacts = NodeContact.list(compact: bytes, family: family) else {
            throw .malformed
        }
        return contacts
    }

    var want: WantedFamilies {
        var want: WantedFamilies = []
        for name in list("want") {
            if name == Array("n4".utf8) { want.insert(.v4) }
            if name == Array("n6".utf8) { want.insert(.v6) }
        }
        return want
    }

    /// The code and the text of an error; some programs send only one of them.
    var error: (code: Int64, text: String) {
        guard let value = document.value(node, "e") else { return (201, "") }
        var (code, text): (Int64, String) = (201, "")
        for element in document.elements(value).prefix(2) {
            if let number = document.integer(element) { code = number }
            if let bytes = document.string(element) {
                text = String(decoding: bytes.prefix(Self.errorTextLimit), as: UTF8.self)
            }
        }
        return (code, text)
    }
}
