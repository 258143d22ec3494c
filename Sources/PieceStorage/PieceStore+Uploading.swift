import Glibc
import Metainfo
import Reactor
import Synchronization
package import TorrentCore

/// Reading for peers.
extension PieceStore {
    /// Longest request that is answered: clients ask for 16 KiB, a few for up to 128.
    private static let maximumBlockLength = 128 << 10
    /// Bytes that are read at once for a run of requests.
    private static let maximumRunLength = 1 << 20

    /// Reads blocks for a peer on an upload thread, and calls `completion` there with as many as were
    /// asked for: nil where the piece is missing, the request makes no sense, or the disk fails.
    /// Neighbours are read at once and share memory.
    package func readBlocks(
        _ requests: [BlockRequest], completion: @escaping @Sendable ([UploadBlock?]) -> Void
    ) {
        let isQueued = pools.uploading.submit { [self] in
            var blocks: [UploadBlock?] = []
            blocks.reserveCapacity(requests.count)
            var next = 0
            while next < requests.count {
                let run = max(
                    1, runLength(of: requests[next...], limit: Self.maximumRunLength))
                blocks += readRun(requests[next..<next + run])
                next += run
            }
            completion(blocks)
        }
        if !isQueued { completion(requests.map { _ in nil }) }
    }

    /// Copies the first of `requests` to the start of `target`, one behind the other, as far as they
    /// fit and neither a disk nor a file that is not open has to be waited for. Gives how many: none
    /// also where the piece is missing or the request makes no sense. Neighbours cost one lock and
    /// one system call together (two in the user's own data, to see that the file is as it was).
    package func copyResident(
        _ requests: ArraySlice<BlockRequest>, into target: UnsafeMutableRawBufferPointer
    ) -> Int {
        var copied = 0
        var position = 0
        while let first = requests.dropFirst(copied).first {
            let run = runLength(of: requests.dropFirst(copied), limit: target.count - position)
            let length = requests.dropFirst(copied).prefix(run).reduce(0) { $0 + Int($1.length) }
            let part = UnsafeMutableRawBufferPointer(rebasing: target[position...].prefix(length))
            guard run > 0,
                readPiece(first.piece, from: Int(first.begin), into: part, mayWait: false)
            else { break }
            copied += run
            position += length
        }
        return copied
    }

    /// How many of the first requests follow each other in one piece and are not longer than `limit`
    /// together; none where the first makes no sense.
    private func runLength(of requests: ArraySlice<BlockRequest>, limit: Int) -> Int {
        var run = 0
        var length = 0
        var previous: BlockRequest?
        for request in requests {
            guard isAcceptable(request), length + Int(request.length) <= limit else { break }
            if let previous, !request.follows(previous) { break }
            length += Int(request.length)
            run += 1
            previous = request
        }
        return run
    }

    private func isAcceptable(_ request: BlockRequest) -> Bool {
        geometry.mayBeAsked(request) && Int(request.length) <= Self.maximumBlockLength
    }

    private func readRun(_ requests: ArraySlice<BlockRequest>) -> [UploadBlock?] {
        let failure = [UploadBlock?](repeating: nil, count: requests.count)
        guard let first = requests.first, isAcceptable(first) else { return failure }
        let length = requests.reduce(0) { $0 + Int($1.length) }
        guard let memory = UploadMemory(count: length),
            readPiece(first.piece, from: Int(first.begin), into: memory.bytes, mayWait: true)
        else { return failure }
        return requests.map { request in
            UploadBlock(
                request: request, memory: memory, offset: Int(request.begin - first.begin))
        }
    }

    /// Copies verified bytes of a piece; false where it is missing, or a disk would have to be waited
    /// for and must not be.
    func readPiece(
        _ piece: PieceIndex, from begin: Int, into target: UnsafeMutableRawBufferPointer,
        mayWait: Bool
    ) -> Bool {
        // What a v2 torrent's peer asks beyond the end of a file is zeros.
        let content = max(0, geometry.length(of: piece) - begin)
        guard target.count <= content else {
            guard content > 0, let base = target.baseAddress else { return false }
            memset(base + content, 0, target.count - content)
            return readPiece(
                piece, from: begin,
                into: UnsafeMutableRawBufferPointer(start: base, count: content), mayWait: mayWait)
        }
        let (isCached, buffer, seen) = state.withLock { state in
            (
                state.cached[piece], state.memory(of: piece),
                generation.load(ordering: .relaxed)
            )
        }
        if let buffer {
            let end = begin + target.count
            target.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer.bytes[begin..<end]))
            return true
        }
        guard isCached || mayWait && settle(piece) else { return false }
        let isRead = readSlices(piece, from: begin, into: target) { [self] file, offset, part in
            mayWait
                ? readWaiting(file, at: offset, into: part)
                : readResident(file, at: offset, into: part)
        }
        // While pieces were evicted, these may have been zeros: again.
        return isRead
            && (isCurrent(seen)
                || readPiece(piece, from: begin, into: target, mayWait: mayWait))
    }

    private func readWaiting(
        _ file: FileIndex, at offset: Int64, into part: UnsafeMutableRawBufferPointer
    ) -> Bool {
        let (open, _) = openForReading(file)
        guard let open, case .done = read(open, file, at: offset, into: part) else { return false }
        return true
    }

    /// Faults are left to `readWaiting`, which comes next and may take its time over them.
    private func readResident(
        _ file: FileIndex, at offset: Int64, into part: UnsafeMutableRawBufferPointer
    ) -> Bool {
        guard let open = state.withLock({ $0.files.lookUp(file) }),
            open.readResident(part, at: offset)
        else { return false }
        guard case .data(let folder) = backing else { return true }
        return folder.isUnchanged(open.descriptor)
    }

    /// Goes through the parts of the files that a part of a piece consists of, as they lie on disk here
    /// unless told otherwise; padding is zeroed here. False as soon as `body` is false.
    func readSlices(
        _ piece: PieceIndex, from begin: Int, into target: UnsafeMutableRawBufferPointer,
        in disk: DiskLayout? = nil,
        _ body: (FileIndex, Int64, UnsafeMutableRawBufferPointer) -> Bool
    ) -> Bool {
        let end = begin + target.count
        var covered = 0
        let disk = disk ?? self.disk
        let size = Int64(geometry.pieceLength)
        for slice in disk.slices(from: Int64(piece.value) * size, count: size) {
            let first = max(begin, slice.pieceOffset)
            let last = min(end, slice.pieceOffset + slice.length)
            guard first < last else { continue }
            let part = UnsafeMutableRawBufferPointer(
                rebasing: target[first - begin..<last - begin])
            if !disk.isStored(slice.file) {
                if let base = part.baseAddress { memset(base, 0, part.count) }
            } else {
                let offset = slice.fileOffset + Int64(first - slice.pieceOffset)
                guard body(slice.file, offset, part) else { return false }
            }
            covered += part.count
        }
        return covered == target.count
    }
}
