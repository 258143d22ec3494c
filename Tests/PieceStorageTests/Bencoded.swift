/// Bencode for test torrents.
indirect enum Bencoded {
    case integer(Int)
    case bytes([UInt8])
    case list([Bencoded])
    case byteDictionary([[UInt8]: Bencoded])

    static func text(_ text: String) -> Self { .bytes(Array(text.utf8)) }

    static func dictionary(_ entries: [String: Bencoded]) -> Self {
        .byteDictionary(
            Dictionary(uniqueKeysWithValues: entries.map { (Array($0.key.utf8), $0.value) }))
    }

    var encoded: [UInt8] {
        switch self {
        case .integer(let number): Array("i\(number)e".utf8)
        case .bytes(let bytes): Array("\(bytes.count):".utf8) + bytes
        case .list(let items): Array("l".utf8) + items.flatMap(\.encoded) + Array("e".utf8)
        case .byteDictionary(let entries):
            Array("d".utf8)
                + entries.sorted { $0.key.lexicographicallyPrecedes($1.key) }.flatMap {
                    Bencoded.bytes($0.key).encoded + $0.value.encoded
                } + Array("e".utf8)
        }
    }
}
