import Testing
import TorrentCore

@Suite("Bytes are read in network order and never past their end")
struct ByteReaderTests {
    @Test func `integers come most significant byte first`() {
        let bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
        var reader = ByteReader(bytes.span)
        #expect(reader.read(UInt8.self) == 1)
        #expect(reader.read(UInt32.self) == 0x0203_0405)
        #expect(reader.read(UInt64.self) == nil)
        #expect(reader.remaining == 4)
        #expect(reader.readBytes(5) == nil)
        #expect(reader.readBytes(4) == [6, 7, 8, 9])
    }

    @Test func `what is appended is read back`() {
        var bytes: [UInt8] = []
        bytes.appendBigEndian(Int64(-2))
        bytes.appendBigEndian(UInt16(258))
        var reader = ByteReader(bytes.span)
        #expect(reader.read(Int64.self) == -2)
        #expect(reader.read(UInt16.self) == 258)
    }

    @Test func `a rate settles at what arrives and falls when nothing does`() {
        var rate = RateEstimator(now: .zero)
        var now = Timestamp.zero
        for _ in 0..<300 {
            now = now + .milliseconds(100)
            rate.add(100_000)
            _ = rate.rate(now: now)
        }
        #expect(abs(rate.rate(now: now) - 1_000_000) < 10_000)
        #expect(rate.rate(now: now + .seconds(60)) < 100_000)
    }
}
