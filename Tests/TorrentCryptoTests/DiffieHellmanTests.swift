import Testing
import TorrentCore
import TorrentCrypto

@Suite("Diffie-Hellman with the 768-bit prime of message stream encryption")
struct DiffieHellmanTests {
    @Test func `two sides share a secret of 96 bytes`() throws {
        let left = DiffieHellman768()
        let right = DiffieHellman768()
        let secret = try #require(left.sharedSecret(with: right.publicKey))
        #expect(secret.count == 96)
        #expect(right.sharedSecret(with: left.publicKey) == secret)
        #expect(left.publicKey != right.publicKey)
    }

    @Test func `a short result keeps its leading zeros`() {
        let key = DiffieHellman768(privateKey: [9])
        #expect(key.publicKey == [UInt8](repeating: 0, count: 94) + [2, 0])
    }

    @Test func `keys that would give the secret away are refused`() throws {
        let key = DiffieHellman768()
        let zeros = [UInt8](repeating: 0, count: 95)
        let prime = try #require(
            Hexadecimal.decode(
                "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74"
                    + "020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"
                    + "4FE1356D6D51C245E485B576625E7EC6F44C42E9A63A36210000000000090563"))
        for (last, isSound) in [(0, false), (1, false), (2, true)] {
            #expect((key.sharedSecret(with: zeros + [UInt8(last)]) != nil) == isSound)
        }
        for (less, isSound) in [(0, false), (1, false), (2, true)] {
            let near = prime.dropLast() + [0x63 - UInt8(less)]
            #expect((key.sharedSecret(with: Array(near)) != nil) == isSound)
        }
        #expect(key.sharedSecret(with: [UInt8](repeating: 255, count: 96)) == nil)
        #expect(key.sharedSecret(with: Array(prime.dropLast())) == nil)
        #expect(key.sharedSecret(with: []) == nil)
    }
}
