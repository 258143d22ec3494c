import TorrentCore
import TorrentCrypto

/// Two conversations written down by another implementation (arithmetic of Python's own): private
/// keys 1...20 and 101...120, an infohash of 0x11, and words in place of handshakes.
enum RecordedEncryption {
    static let keyOfA = Array(UInt8(1)...20)
    static let keyOfB = Array(UInt8(101)...120)

    /// A offers both methods.
    static let opening = Hexadecimal.decode(
        "96e112dab29e8c5272accb9b17b26887ce54a144a4e3b697c7d159b7a817e556"
            + "b0918db2b4c658e02a87f7e5fb14b18a553e084cbf3dad2d30f16596ccb982d4"
            + "06258c61b30c5c1dae2ddc60bdbd48d79896312aad63238c39e1a633821eb693"
            + "70616464696e67206f66204178fffb0f23055a793ff7609f359e04e383ec3505"
            + "0455ee6dc38f9df792e2bf2866c3aed8d934ad753d2c815b7d8d671616f1d2c7"
            + "090640eb739871f2e79cf096a93625be4810bb7a35ff942c20616e64206d6f72"
            + "65")
    /// B chooses plaintext.
    static let answer = Hexadecimal.decode(
        "d32ae8cedd0de9ca4fe67e35626bb8c7cdb0966727d899f6a62fdb2b68817f9d"
            + "dc4b684e3eb34030b8dba4e028b7cff3264020340cb4eab61923cdc4e4216ba8"
            + "73368d83f0a38e497f1f6b4e3d2012eb91a3ee6056f966f9eae732089b6fa46e"
            + "70616464696e67206f662042b923652fc3229335b100dda0471087c65b573877"
            + "68617420422073617973")
    /// A offers RC4 only.
    static let openingRC4 = Hexadecimal.decode(
        "96e112dab29e8c5272accb9b17b26887ce54a144a4e3b697c7d159b7a817e556"
            + "b0918db2b4c658e02a87f7e5fb14b18a553e084cbf3dad2d30f16596ccb982d4"
            + "06258c61b30c5c1dae2ddc60bdbd48d79896312aad63238c39e1a633821eb693"
            + "70616464696e67206f66204178fffb0f23055a793ff7609f359e04e383ec3505"
            + "0455ee6dc38f9df792e2bf2866c3aed8d934ad753d2c815b7d8d671616f1d2c6"
            + "090640eb739871f2e79cf096a93625be4810bb7a35ff9461e29ffd0c9450744c"
            + "15")
    /// B chooses RC4.
    static let answerRC4 = Hexadecimal.decode(
        "d32ae8cedd0de9ca4fe67e35626bb8c7cdb0966727d899f6a62fdb2b68817f9d"
            + "dc4b684e3eb34030b8dba4e028b7cff3264020340cb4eab61923cdc4e4216ba8"
            + "73368d83f0a38e497f1f6b4e3d2012eb91a3ee6056f966f9eae732089b6fa46e"
            + "70616464696e67206f662042b923652fc3229335b100dda3471087c65b573839"
            + "828c4bdc572394da1d20")
}
