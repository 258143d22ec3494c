import Glibc
import Metainfo
import PieceStorage
import Reactor
import TorrentCore
import TorrentCrypto

/// A random 4 KiB read of a cached file, as a FUSE thread does it; the kernel has the file's pages.
final class CachedReading: Measurement {
    private static let pieceLength = 64 << 10
    private static let pieceCount = 1024
    private static let readLength = 4096

    private let store: PieceStore
    private let folder: String
    private var random = SystemRandomNumberGenerator()
    private var buffer = [UInt8](repeating: 0, count: CachedReading.readLength)

    /// Nil where there is no room for the cache.
    init?() {
        var template = Array("/tmp/swarmfs-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { return nil }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let piece = [UInt8](repeating: 7, count: Self.pieceLength)
        let hashing = OpenSSLHashing()
        let digest = hashing.sha1(piece.span).bytes
        let info =
            "d4:infod6:lengthi\(Self.pieceLength * Self.pieceCount)e4:name1:x"
            + "12:piece lengthi\(Self.pieceLength)e6:pieces\(20 * Self.pieceCount):"
        let hashes = [[UInt8]](repeating: digest, count: Self.pieceCount).flatMap(\.self)
        do {
            store = try PieceStore(
                metainfo: TorrentMetainfo(
                    parsing: Array(info.utf8) + hashes + Array("ee".utf8), hashing: hashing),
                location: .cache(CacheDirectory(path: folder)), pools: StoragePools())
        } catch {
            print("\(error)")
            return nil
        }
        for number in 0..<Self.pieceCount {
            let verified = Condition(false)
            guard let buffer = store.makeBuffer(for: PieceIndex(number)) else { return nil }
            buffer.bytes.copyBytes(from: piece)
            store.submit(buffer, wantsBlockDigests: false) { _ in verified.update { $0 = true } }
            _ = verified.wait { $0 ? true : nil }
        }
        store.flush(until: .now() + .seconds(60))
    }

    deinit {
        store.close(until: .now() + .seconds(60))
        Self.remove(folder)
    }

    /// Removes a file, or a folder with all that is in it.
    private static func remove(_ path: String) {
        if let folder = opendir(path) {
            while let entry = readdir(folder) {
                let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                }
                if name != ".", name != ".." { remove("\(path)/\(name)") }
            }
            closedir(folder)
        }
        _ = Glibc.remove(path)
    }

    var name: String { "random 4 KiB read of a cached file" }
    var bytesPerOperation: Int? { nil }

    func run(_ count: Int) -> Int {
        let blocks = Self.pieceLength / Self.readLength * Self.pieceCount
        for _ in 0..<count {
            let offset = Int64(Int.random(in: 0..<blocks, using: &random) * Self.readLength)
            let outcome = buffer.withUnsafeMutableBytes {
                store.read(FileIndex(0), offset: offset, into: $0)
            }
            guard outcome == .bytes(Self.readLength) else { return 0 }
        }
        return count
    }
}
