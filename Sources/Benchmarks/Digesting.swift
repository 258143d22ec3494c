import TorrentCore
import TorrentCrypto

/// One block through a digest.
struct Digesting: Measurement {
    enum Kind: String {
        case sha1 = "SHA-1"
        case sha256 = "SHA-256"
    }

    let kind: Kind
    private let block = [UInt8](repeating: 7, count: BlockRequest.standardLength)

    init(kind: Kind) { self.kind = kind }

    var name: String { "\(kind.rawValue) of a 16 KiB block" }
    var bytesPerOperation: Int? { block.count }

    func run(_ count: Int) -> Int {
        let hashing = OpenSSLHashing()
        for _ in 0..<count {
            switch kind {
            case .sha1: _ = hashing.sha1(block.span)
            case .sha256: _ = hashing.sha256(block.span)
            }
        }
        return count
    }
}
