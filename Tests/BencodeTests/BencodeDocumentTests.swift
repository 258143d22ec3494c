import Bencode
import Testing
import TorrentCore

@Suite("Bencode (BEP 3)")
struct BencodeDocumentTests {
    private func decode(
        _ text: String, limits: BencodeLimits = .standard
    ) throws(BencodeError) -> BencodeValue {
        try BencodeDocument(parsing: Array(text.utf8), limits: limits).rootValue
    }

    @Test func `the examples of BEP 3 decode`() throws {
        #expect(try decode("4:spam").text == "spam")
        #expect(try decode("0:").bytes == [])
        #expect(try decode("i3e").integer == 3)
        #expect(try decode("i-3e").integer == -3)
        #expect(try decode("i0e").integer == 0)
        #expect(try decode("l4:spam4:eggse").list?.map(\.text) == ["spam", "eggs"])
        let dictionary = try decode("d3:cow3:moo4:spaml1:a1:bee")
        #expect(dictionary["cow"]?.text == "moo")
        #expect(dictionary["spam"]?.list?.map(\.text) == ["a", "b"])
        #expect(dictionary["none"] == nil)
        #expect(dictionary.dictionary?.map(\.key) == [Array("cow".utf8), Array("spam".utf8)])
    }

    @Test(arguments: ["i03e", "i-0e", "ie", "i-e", "i1.5e", "i 1e", "i+1e", "i1ae"])
    func `malformed integers are refused`(text: String) {
        #expect(throws: BencodeError.invalidInteger(at: 0)) { try decode(text) }
    }

    @Test func `integers beyond 64 bits decode, and have no value`() throws {
        #expect(try decode("i9223372036854775807e").integer == .max)
        #expect(try decode("i-9223372036854775808e").integer == .min)
        #expect(try decode("i9223372036854775808e").integer == nil)
        #expect(try decode("i-9223372036854775809e").integer == nil)
        #expect(try decode("i" + String(repeating: "9", count: 5000) + "e").integer == nil)
    }

    @Test func `a string may not be longer than what is left`() {
        #expect(throws: BencodeError.truncated(at: 6)) { try decode("5:spam") }
        #expect(throws: BencodeError.invalidStringLength(at: 0)) { try decode("99:x") }
        let huge = "99999999999999999999999999:x"
        #expect(throws: BencodeError.invalidStringLength(at: 0)) { try decode(huge) }
        #expect(throws: BencodeError.invalidStringLength(at: 0)) { try decode("04:spam") }
        #expect(throws: BencodeError.invalidStringLength(at: 0)) { try decode("4spam") }
    }

    @Test func `nesting is bounded, and does not recurse`() throws {
        let depth = 64
        let nested = String(repeating: "l", count: depth) + String(repeating: "e", count: depth)
        _ = try decode(nested)
        #expect(throws: BencodeError.tooDeep(at: depth)) { try decode("l" + nested + "e") }
        let bomb = String(repeating: "d1:a", count: 1_000_000)
        #expect(throws: BencodeError.tooDeep(at: 64 * 4)) { try decode(bomb) }
    }

    @Test func `values are counted before the table grows`() throws {
        let limits = BencodeLimits(tokens: 10)
        _ = try decode("l" + String(repeating: "0:", count: 7) + "e", limits: limits)
        let more = "l" + String(repeating: "0:", count: 8) + "e"
        #expect(throws: BencodeError.tooManyValues) { try decode(more, limits: limits) }
        let short = BencodeLimits(bytes: 5)
        #expect(throws: BencodeError.tooLong) { try decode("4:spam", limits: short) }
    }

    @Test func `dictionary keys are strings with values`() {
        #expect(throws: BencodeError.invalidKey(at: 1)) { try decode("di1e1:ae") }
        #expect(throws: BencodeError.invalidKey(at: 4)) { try decode("d1:ae") }
        #expect(throws: BencodeError.invalidKey(at: 1)) { try decode("dlee") }
    }

    @Test func `unsorted keys are read, seen, and refused on demand`() throws {
        let unsorted = try decode("d1:bi1e1:ai2ee")
        #expect(unsorted["a"]?.integer == 2)
        #expect(unsorted["b"]?.integer == 1)
        #expect(!unsorted.document.hasSortedKeys)
        #expect(try decode("d1:ai2e1:bi1ee").document.hasSortedKeys)
        #expect(try decode("d1:ai2e2:aai1ee").document.hasSortedKeys)
        let strict = BencodeLimits(requiresSortedKeys: true)
        #expect(throws: BencodeError.unsortedKeys(at: 9)) {
            try decode("d1:bi1e1:ai2ee", limits: strict)
        }
        #expect(throws: BencodeError.unsortedKeys(at: 9)) {
            try decode("d1:ai1e1:ai2ee", limits: strict)
        }
    }

    @Test func `of equal keys the first counts`() throws {
        #expect(try decode("d1:ai1e1:ai2ee")["a"]?.integer == 1)
    }

    @Test func `the exact bytes of a value are found`() throws {
        let text = "d4:infod1:bi1e1:ai2ee4:spaml0:ee"
        let document = try BencodeDocument(parsing: Array(text.utf8))
        let info = try #require(document.value(document.root, "info"))
        let range = document.range(of: info)
        #expect(String(decoding: document.bytes[range], as: UTF8.self) == "d1:bi1e1:ai2ee")
        #expect(document.range(of: document.root) == 0..<text.utf8.count)
    }

    @Test func `data may follow a value where that is allowed`() throws {
        let bytes = Array("d1:ai1eeRAW".utf8)
        #expect(throws: BencodeError.trailingBytes(at: 8)) { try BencodeDocument(parsing: bytes) }
        #expect(try BencodeDocument(prefixOf: bytes).byteCount == 8)
    }

    @Test(arguments: ["", "e", "x", "de1:a", "-1:a", "d1:a1:b", "l", ":"])
    func `other nonsense is refused`(text: String) {
        #expect(throws: BencodeError.self) { try decode(text) }
    }

    private static let samples = [
        "d8:announce3:url4:infod5:filesld6:lengthi12e4:pathl1:a1:beee4:name1:nee",
        "li1ei-22e4:spamd0:0:1:zleee", "i-1234567890e", "12:abcdefghijkl",
    ]

    @Test(arguments: samples)
    func `every truncation is refused`(text: String) throws {
        let bytes = Array(text.utf8)
        _ = try BencodeDocument(parsing: bytes)
        for count in 0..<bytes.count {
            #expect(throws: BencodeError.self) {
                try BencodeDocument(parsing: Array(bytes[..<count]))
            }
        }
    }

    @Test func `mutated values decode or fail, and stay inside of their bytes`() {
        var random = SeededRandom(seed: 1)
        for round in 0..<5000 {
            var bytes = Array(Self.samples[round % Self.samples.count].utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let position = Int.random(in: 0..<bytes.count, using: &random)
                bytes[position] = UInt8(truncatingIfNeeded: random.next())
            }
            guard let document = try? BencodeDocument(prefixOf: bytes) else { continue }
            var pending = [document.root]
            while let node = pending.popLast() {
                #expect(document.range(of: node).upperBound <= document.byteCount)
                _ = document.integer(node)
                _ = document.text(node)
                pending += document.elements(node)
                pending += document.entries(node).flatMap { [$0.key, $0.value] }
            }
        }
    }
}
