import DHTProtocol
import Testing
import TorrentCore
import TorrentCrypto

@Suite("Counting peers (BEP 33)")
struct AddressFilterTests {
    @Test("the BEP's addresses make the BEP's filter")
    func vector() throws {
        var filter = AddressFilter()
        for last in 0..<256 {
            filter.insert(
                try #require(IPAddress([192, 0, 2, UInt8(last)])), hashing: OpenSSLHashing())
        }
        for last in 0..<0x3E8 {
            filter.insert(.v6(0x2001_0DB8_0000_0000, UInt64(last)), hashing: OpenSSLHashing())
        }
        let expected =
            "F6C3F5EAA07FFD91BDE89F777F26FB2BFF37BDB8FB2BBAA2FD3DDDE7BACFFF75EE7CCBAE"
            + "FE5EEDB1FBFAFF67F6ABFF5E43DDBCA3FD9B9FFDF4FFD3E9DFF12D1BDF59DB53DBE9FA5B"
            + "7FF3B8FDFCDE1AFB8BEDD7BE2F3EE71EBBBFE93BCDEEFE148246C2BC5DBFF7E7EFDCF24F"
            + "D8DC7ADFFD8FFFDFDDFFF7A4BBEEDF5CB95CE81FC7FCFF1FF4FFFFDFE5F7FDCBB7FD79B3"
            + "FA1FC77BFE07FFF905B7B7FFC7FEFEFFE0B8370BB0CD3F5B7F2BD93FEB4386CFDD6F7FD5"
            + "BFAF2E9EBFFFFEECD67ADBF7C67F17EFD5D75EBA6FFEBA7FFF47A91EB1BFBB53E8ABFB57"
            + "62ABE8FF237279BFEFBFEEF5FFC5FEBFDFE5ADFFADFEE1FB737FFFFBFD9F6AEFFEEE76B6"
            + "FD8F72EF"
        #expect(Hexadecimal.encode(filter.bytes).uppercased() == expected)
    }
}
