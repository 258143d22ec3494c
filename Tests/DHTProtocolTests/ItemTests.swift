import DHTProtocol
import Testing
import TorrentCore
import TorrentCrypto

@Suite("Items of the DHT (BEP 44)")
struct ItemTests {
    private static let value = Array("12:Hello World!".utf8)
    private static let key = "77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548"
    private static let plain =
        "305ac8aeb6c9c151fa120f120ea2cfb923564e11552d06a5d856091e5e853cff"
        + "1260d3f39e4999684aa92eb73ffd136e6f4f3ecbfda0ce53a1608ecd7ae21f01"
    private static let salted =
        "6834284b6b24c3204eb2fea824d82f88883a3d95e8b4a21b8c0ded553d17d17d"
        + "df9a8a7104b1258f30bed3787e6cb896fca78c58f8e03b5f18f14951a87d9a08"

    private static func item(salt: String, signature: String) throws -> MutableItem {
        MutableItem(
            key: try #require(Hexadecimal.decode(key)), salt: Array(salt.utf8), sequence: 1,
            value: value, signature: try #require(Hexadecimal.decode(signature)))
    }

    @Test("the BEP's mutable item")
    func mutable() throws {
        let item = try Self.item(salt: "", signature: Self.plain)
        #expect(String(decoding: item.signedBytes, as: UTF8.self) == "3:seqi1e1:v12:Hello World!")
        #expect(
            DHTItem.mutable(item).target(hashing: OpenSSLHashing()).description
                == "4a533d47ec9c7d95b1ad75f576cffc641853b750")
        #expect(item.isSigned(Ed25519()))
    }

    @Test("the BEP's mutable item with a salt")
    func salted() throws {
        let item = try Self.item(salt: "foobar", signature: Self.salted)
        #expect(
            String(decoding: item.signedBytes, as: UTF8.self)
                == "4:salt6:foobar3:seqi1e1:v12:Hello World!")
        #expect(
            DHTItem.mutable(item).target(hashing: OpenSSLHashing()).description
                == "411eba73b6f087ca51a3795d9c8c938d365e32c1")
        #expect(item.isSigned(Ed25519()))
    }

    @Test("the BEP's immutable item")
    func immutable() {
        #expect(
            DHTItem.immutable(value: Self.value).target(hashing: OpenSSLHashing()).description
                == "e5f96f6f38320f0f33959cb4d3d656452117aadb")
    }

    @Test("an item whose signature, number, salt or value is another's is refused")
    func forged() throws {
        let item = try Self.item(salt: "", signature: Self.plain)
        var forged = item
        forged.sequence = 2
        #expect(!forged.isSigned(Ed25519()))
        forged = item
        forged.salt = [1]
        #expect(!forged.isSigned(Ed25519()))
        forged = item
        forged.value = Array("12:Hello Wurld!".utf8)
        #expect(!forged.isSigned(Ed25519()))
        forged = item
        forged.signature[3] ^= 4
        #expect(!forged.isSigned(Ed25519()))
    }

    @Test("an answer is believed only where it fits what was asked for")
    func answers() throws {
        let item = try Self.item(salt: "foobar", signature: Self.salted)
        var response = DHTResponse()
        response.value = item.value
        response.key = item.key
        response.signature = item.signature
        response.sequence = item.sequence
        let target = DHTItem.mutable(item).target(hashing: OpenSSLHashing())
        func found(_ response: DHTResponse, _ salt: String) -> DHTItem? {
            response.item(
                target: target, salt: Array(salt.utf8), hashing: OpenSSLHashing(),
                verifier: Ed25519())
        }
        #expect(found(response, "foobar") == .mutable(item))
        #expect(found(response, "") == nil)
        var other = response
        other.sequence = 7
        #expect(found(other, "foobar") == nil)
        other = response
        other.key = nil
        #expect(found(other, "foobar") == nil)
    }
}
