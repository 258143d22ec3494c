import Glibc
import Metainfo
import Reactor
import TorrentCore

/// Hashes pieces as they are on disk now, for one thread: what cannot be read is not right. Changes
/// nothing in the store.
final class RecheckedFiles {
    private let store: PieceStore
    private var memory: UploadMemory?
    /// The file that the last piece ended in, where the next one mostly begins.
    private var last: (index: FileIndex, file: OpenFile)?

    init(store: PieceStore) { self.store = store }

    /// Whether a piece's bytes have the hash that the torrent says. The kernel's copy of them is
    /// dropped first, as far as it is clean: it hides what became of the disk.
    func isRight(_ piece: PieceIndex) -> Bool {
        let length = store.geometry.length(of: piece)
        if (memory?.bytes.count ?? 0) < length { memory = UploadMemory(count: length) }
        guard let memory else { return false }
        let bytes = UnsafeMutableRawBufferPointer(rebasing: memory.bytes[..<length])
        let isRead = store.readSlices(piece, from: 0, into: bytes) { index, offset, part in
            guard let file = open(index) else { return false }
            posix_fadvise(file.descriptor, off_t(offset), off_t(part.count), POSIX_FADV_DONTNEED)
            return file.read(part, at: offset) == nil
        }
        return isRead && store.isRight(piece, UnsafeRawBufferPointer(bytes))
    }

    /// Whether a block that is on disk by itself has the hash that is given.
    func isRight(_ number: Int, of piece: PieceIndex, length: Int, leaf: SHA256Digest?) -> Bool {
        if (memory?.bytes.count ?? 0) < length {
            memory = UploadMemory(count: BlockRequest.standardLength)
        }
        guard let leaf, let memory else { return false }
        let bytes = UnsafeMutableRawBufferPointer(rebasing: memory.bytes[..<length])
        for slice in store.slices(ofBlock: number, of: piece, length: length) {
            let end = slice.pieceOffset + slice.length
            let part = UnsafeMutableRawBufferPointer(rebasing: bytes[slice.pieceOffset..<end])
            guard let file = open(slice.file) else { return false }
            posix_fadvise(
                file.descriptor, off_t(slice.fileOffset), off_t(part.count), POSIX_FADV_DONTNEED)
            guard file.read(part, at: slice.fileOffset) == nil else { return false }
        }
        store.pools.counters.addHashed(length)
        return store.pools.verifiers.withVerifier { $0.leaf(of: UnsafeRawBufferPointer(bytes)) }
            == leaf
    }

    private func open(_ index: FileIndex) -> OpenFile? {
        if let last, last.index == index { return last.file }
        last = nil
        guard let folder = store.cacheFolder,
            let descriptor = try? folder.open(
                index, length: store.disk.length(of: index), isReadOnly: true)
        else { return nil }
        let file = OpenFile(descriptor, budget: store.pools.openFiles)
        last = (index, file)
        return file
    }
}
