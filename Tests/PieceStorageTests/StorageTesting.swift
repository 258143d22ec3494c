import Metainfo
import Reactor
import TorrentCore
import TorrentCrypto

@testable import PieceStorage

/// Short forms of what the tests do to a store.
extension PieceStore {
    /// Hands a piece in and waits for what becomes of it.
    @discardableResult
    func put(
        _ piece: PieceIndex, _ bytes: [UInt8], wantsBlockDigests: Bool = false
    ) -> PieceOutcome? {
        let outcome = Condition<PieceOutcome?>(nil)
        guard let buffer = makeBuffer(for: piece) else { return nil }
        buffer.bytes.copyBytes(from: bytes)
        submit(buffer, wantsBlockDigests: wantsBlockDigests) { result in
            outcome.update { $0 = result }
        }
        return outcome.wait { $0 }
    }

    /// Hands in a block by itself, and waits for what becomes of it.
    @discardableResult
    func putBlock(
        _ number: Int, of piece: PieceIndex, _ torrent: SampleTorrent, isDamaged: Bool = false
    ) -> Bool? {
        let request = torrent.geometry.block(number, of: piece)
        let begin = Int(request.begin)
        var bytes = Array(torrent.bytes(of: piece)[begin..<begin + Int(request.length)])
        let content = max(0, min(bytes.count, contentLength(of: piece) - begin))
        let leaf = OpenSSLHashing().sha256(Array(bytes.prefix(content)).span)
        if isDamaged { bytes[3] ^= 1 }
        guard let received = bytes.withUnsafeBytes({ ReceivedBlock(request, copying: $0) })
        else { return nil }
        let result = Condition<Bool?>(nil)
        submit(received, leaf: leaf) { isGood in result.update { $0 = isGood } }
        return result.wait { $0 }
    }

    /// The numbers of the blocks of a piece that are on disk by themselves.
    func blocks(of piece: Int) -> [Int] {
        state.withLock { $0.stored.pieces[PieceIndex(piece)]?.numbers ?? [] }
    }

    /// Hands in all pieces of a torrent and waits until they are written.
    func putAll(_ torrent: SampleTorrent) {
        for piece in torrent.geometry.pieces { put(piece, torrent.bytes(of: piece)) }
        waitUntilWritten()
    }

    /// Waits until all that was handed in is written or given up.
    func waitUntilWritten() { _ = pending.wait { $0 == 0 ? true : nil } }

    /// Reads a file's bytes; nil where they are not there.
    func bytes(of file: FileIndex, offset: Int64 = 0, count: Int) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0xEE, count: count)
        let outcome = buffer.withUnsafeMutableBytes { read(file, offset: offset, into: $0) }
        guard case .bytes(let count) = outcome else { return nil }
        return Array(buffer.prefix(count))
    }

    /// Reads a block as a peer would get it.
    func block(_ request: BlockRequest) -> [UInt8]? {
        let result = Condition<[UInt8]??>(nil)
        readBlocks([request]) { blocks in
            result.update { $0 = .some(blocks[0].map { Array($0.bytes) }) }
        }
        return result.wait { $0 } ?? nil
    }

    /// Whether every file reads as the torrent's.
    func isComplete(_ torrent: SampleTorrent) -> Bool {
        torrent.layout.files.allSatisfy { file in
            torrent.files[file.value].isPadding
                || bytes(of: file, count: torrent.files[file.value].bytes.count + 10)
                    == torrent.files[file.value].bytes
        }
    }
}

extension CacheDirectory {
    /// Lets the catalogue refuse all changes, or take them again.
    func setCatalogueReadOnly(_ isReadOnly: Bool) throws {
        try catalogue.withDatabase { database throws(Database.Failure) in
            try database.execute("PRAGMA query_only = \(isReadOnly ? 1 : 0)")
        }
    }
}

extension Timestamp {
    /// A deadline that no test is to reach.
    static var later: Timestamp { .now() + .seconds(120) }
}

/// Small pools, one a test.
func makePools(_ change: (inout StorageConfiguration) -> Void = { _ in }) throws -> StoragePools {
    var configuration = StorageConfiguration()
    configuration.hashThreads = 2
    change(&configuration)
    return try StoragePools(configuration: configuration)
}
