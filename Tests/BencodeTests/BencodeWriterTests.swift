import Bencode
import Testing

@Suite("Canonical bencode (BEP 3)")
struct BencodeWriterTests {
    @Test func `what is written is canonical and reads back`() throws {
        var writer = BencodeWriter()
        writer.dictionary { writer in
            writer.key("a")
            writer.integer(-5)
            writer.key("ab")
            writer.list { writer in
                writer.string("x")
                writer.string([0xFF, 0])
                writer.dictionary { _ in }
            }
            writer.key("b")
            writer.encoded(Array("le".utf8))
        }
        let expected = Array("d1:ai-5e2:abl1:x2:".utf8) + [0xFF, 0] + Array("dee1:blee".utf8)
        #expect(writer.bytes == expected)
        let strict = BencodeLimits(requiresSortedKeys: true)
        let value = try BencodeDocument(parsing: writer.bytes, limits: strict).rootValue
        #expect(value["a"]?.integer == -5)
        #expect(value["ab"]?.list?[1].bytes == [0xFF, 0])
    }

    @Test func `dictionaries nest as data asks`() {
        var writer = BencodeWriter()
        for _ in 0..<3 {
            writer.beginDictionary()
            writer.key("k")
        }
        writer.integer(1)
        for _ in 0..<3 { writer.endDictionary() }
        #expect(writer.bytes == Array("d1:kd1:kd1:ki1eeee".utf8))
    }

    @Test func `keys out of order are a bug, and trapped`() async {
        await #expect(processExitsWith: .failure) {
            var writer = BencodeWriter()
            writer.dictionary { writer in
                writer.key("b")
                writer.integer(1)
                writer.key("a")
                writer.integer(2)
            }
        }
    }
}
