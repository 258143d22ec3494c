import Glibc
import Metainfo
import Reactor
package import TorrentCore

/// Finding out what the user's data holds.
extension PieceStore {
    /// Hashes every piece of the data on all cores and serves those that are right; files that
    /// are missing, differ in size or are damaged just make their pieces missing. Blocks until
    /// done, or until `isCancelled` is true, which is asked between pieces. `progress` is called
    /// after each piece, from several threads but never from two at once. Gives what is there.
    /// A cache is left as it is.
    @discardableResult
    package func check(
        progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in },
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(StorageError) -> Bitfield {
        guard case .data(let folder) = backing else { return cached }
        for file in layout.files where isStored(file) {
            if let file = try? folder.open(file) { folder.noteChecked(file.rawValue) }
        }
        let total = geometry.pieceCount
        let work = CheckProgress()
        var threads: [Thread] = []
        do {
            for _ in 0..<min(pools.configuration.hashThreads, total) {
                threads.append(
                    try Thread(name: "check") { [self] in
                        checkPieces(work, isCancelled, progress)
                    })
            }
        } catch {
            // Those that did start do all the work.
            if threads.isEmpty { throw .system(error) }
        }
        for thread in threads { thread.join() }
        return cached
    }

    /// Takes the data for what the torrent says, unread; files must be there in their sizes.
    package func trust() throws(StorageError) {
        guard case .data(let folder) = backing else { return }
        for file in layout.files where isStored(file) {
            let descriptor = try folder.open(file)
            folder.noteChecked(descriptor.rawValue)
        }
        state.withLock { state in
            state.cached = Bitfield(count: geometry.pieceCount, allSet: true)
            state.cachedBytes = layout.payloadLength
        }
    }

    private func isStored(_ file: FileIndex) -> Bool {
        layout.length(of: file) > 0
            && layout.attributes(of: file).isDisjoint(with: [.padding, .symlink])
    }

    private func checkPieces(
        _ work: CheckProgress, _ isCancelled: @Sendable () -> Bool,
        _ progress: @Sendable (Int, Int) -> Void
    ) {
        let total = geometry.pieceCount
        guard let memory = UploadMemory(count: geometry.pieceLength) else { return }
        while !isCancelled(), let number = work.take(below: total) {
            let piece = PieceIndex(number)
            let bytes = UnsafeMutableRawBufferPointer(
                rebasing: memory.bytes[..<geometry.length(of: piece)])
            let isRead = readSlices(piece, from: 0, into: bytes) { file, offset, part in
                guard let open = openForReading(file).file else { return false }
                if case .done = read(open, file, at: offset, into: part) { return true }
                return false
            }
            if isRead, isRight(piece, UnsafeRawBufferPointer(bytes)) {
                let payload = payloadLength(of: piece)
                state.withLock { state in
                    guard !state.cached[piece] else { return }
                    state.cached[piece] = true
                    state.cachedBytes += Int64(payload)
                }
            }
            work.finish { progress($0, total) }
        }
    }

    func isRight(_ piece: PieceIndex, _ bytes: UnsafeRawBufferPointer) -> Bool {
        pools.counters.addHashed(bytes.count)
        return pools.verifiers.withVerifier {
            $0.verify(bytes, against: metadataVerification(of: piece)) == .good
        }
    }
}
