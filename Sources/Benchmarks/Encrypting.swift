import TorrentCrypto

/// RC4, as an encrypted connection applies it to what it receives.
struct Encrypting: Measurement {
    private static let length = 16 * 1024

    var name: String { "RC4 of 16 KiB" }
    var bytesPerOperation: Int? { Self.length }

    func run(_ count: Int) -> Int {
        let cipher = RC4(key: [1, 2, 3, 4, 5])
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.length, alignment: 16)
        defer { buffer.deallocate() }
        buffer.initializeMemory(as: UInt8.self, repeating: 0)
        for _ in 0..<count { cipher.apply(to: buffer) }
        return count
    }
}
