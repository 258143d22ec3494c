/// A cipher that encrypts and decrypts byte by byte, with a key that is used once.
///
/// `TorrentCrypto.RC4` is the one that runs.
package protocol StreamCipher: AnyObject {
    /// Starts with a key of 1 to 256 bytes.
    init(key: [UInt8])

    /// Encrypts, or decrypts, in place, and moves on by as many bytes. No allocation.
    func apply(to bytes: UnsafeMutableRawBufferPointer)
}

extension StreamCipher {
    /// Encrypts, or decrypts, in place.
    package func apply(to bytes: inout [UInt8]) {
        bytes.withUnsafeMutableBytes { apply(to: $0) }
    }
}
