import Testing
import TorrentCore

@Suite("Bitfield (BEP 3)")
struct BitfieldTests {
    /// A span cannot pass through the test macros.
    private func parse(_ count: Int, _ bytes: [UInt8]) -> Bitfield? {
        Bitfield(count: count, wire: bytes.span)
    }

    @Test func `the first piece is the high bit of the first byte`() throws {
        let field = try #require(parse(10, [0x80, 0x40]))
        #expect(field[PieceIndex(0)])
        #expect(field[PieceIndex(9)])
        #expect(field.setCount == 2)
        #expect(field.wireBytes == [0x80, 0x40])
    }

    @Test func `a set spare bit or a wrong length is refused`() {
        #expect(parse(10, [0x80, 0x20]) == nil)
        #expect(parse(10, [0x80]) == nil)
        #expect(parse(10, [0x80, 0, 0]) == nil)
        #expect(parse(0, []) != nil)
    }

    @Test(arguments: [1, 7, 8, 63, 64, 65, 127, 128, 1000])
    func `a full field survives the wire`(count: Int) throws {
        let full = Bitfield(count: count, allSet: true)
        #expect(full.isFull)
        #expect(parse(count, full.wireBytes) == full)
    }

    @Test func `searches, counts and runs agree with a plain array`() {
        var random = SeededRandom(seed: 7)
        for _ in 0..<200 {
            let count = Int.random(in: 1...300, using: &random)
            var plain = [Bool](repeating: false, count: count)
            var field = Bitfield(count: count)
            for index in 0..<count where Bool.random(using: &random) {
                plain[index] = true
                field[PieceIndex(index)] = true
            }
            let from = Int.random(in: 0...count, using: &random)
            let to = Int.random(in: from...count, using: &random)
            let range = PieceIndex(from)..<PieceIndex(to)
            #expect(field.setCount(in: range) == plain[from..<to].count { $0 })
            #expect(
                field.first(in: range, isSet: true)?.value == plain[from..<to].firstIndex(of: true))
            #expect(
                field.first(in: range, isSet: false)?.value
                    == plain[from..<to].firstIndex(of: false))
            var rebuilt = [Bool](repeating: false, count: count)
            for run in field.runs { for piece in run { rebuilt[piece.value] = true } }
            #expect(rebuilt == plain)
        }
    }

    @Test func `setting a bit twice counts it once`() {
        var field = Bitfield(count: 3)
        field[PieceIndex(1)] = true
        field[PieceIndex(1)] = true
        #expect(field.setCount == 1)
        field[PieceIndex(1)] = false
        #expect(field.isEmpty)
    }

    @Test func `what one field has and another lacks is found, bit by bit alike`() {
        var random = SeededRandom(seed: 7)
        for count in [1, 63, 64, 65, 200] {
            var (left, right) = (Bitfield(count: count), Bitfield(count: count))
            for index in 0..<count {
                left[PieceIndex(index)] = Bool.random(using: &random)
                right[PieceIndex(index)] = Bool.random(using: &random)
            }
            for start in 0..<count {
                for end in [start + 1, (start + count) / 2 + 1, count + 70] {
                    let range = PieceIndex(start)..<PieceIndex(max(start, end))
                    let expected = range.first {
                        $0.value < count && left[$0] && !right[$0]
                    }
                    #expect(left.first(in: range, notIn: right) == expected)
                }
            }
            let all = PieceIndex(0)..<PieceIndex(count)
            #expect(left.first(in: all, notIn: left) == nil)
        }
    }
}
