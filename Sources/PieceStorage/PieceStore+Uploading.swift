import Glibc
import Metainfo
import Reactor
package import TorrentCore

/// Reading for peers.
extension PieceStore {
    /// Longest request that is answered: clients ask for 16 KiB, a few for up to 128.
    private static let maximumBlockLength = 128 << 10
    /// Bytes that are read at once for a run of requests.
    private static let maximumRunLength = 1 << 20

    /// Reads a block for a peer on an upload thread, and calls `completion` there; nil where the
    /// piece is missing, the request makes no sense, or the disk fails.
    package func readBlock(
        _ request: BlockRequest, completion: @escaping @Sendable (UploadBlock?) -> Void
    ) {
        readBlocks([request]) { completion($0.first ?? nil) }
    }

    /// Reads several blocks, as `readBlock` does; neighbours are read at once and share memory.
    /// The result is as long as `requests`.
    package func readBlocks(
        _ requests: [BlockRequest], completion: @escaping @Sendable ([UploadBlock?]) -> Void
    ) {
        let isQueued = pools.uploading.submit { [self] in
            var blocks: [UploadBlock?] = []
            blocks.reserveCapacity(requests.count)
            var next = 0
            while next < requests.count {
                let run = runLength(of: requests[next...])
                blocks += readRun(requests[next..<next + run])
                next += run
            }
            completion(blocks)
        }
        if !isQueued { completion(requests.map { _ in nil }) }
    }

    /// How many of the first requests follow each other in one piece; at least one.
    private func runLength(of requests: ArraySlice<BlockRequest>) -> Int {
        var run = 0
        var length = 0
        var previous: BlockRequest?
        for request in requests {
            guard isAcceptable(request) else { break }
            if let previous {
                guard previous.piece == request.piece,
                    Int(previous.begin) + Int(previous.length) == Int(request.begin),
                    length + Int(request.length) <= Self.maximumRunLength
                else { break }
            }
            length += Int(request.length)
            run += 1
            previous = request
        }
        return max(1, run)
    }

    private func isAcceptable(_ request: BlockRequest) -> Bool {
        geometry.contains(request) && Int(request.length) <= Self.maximumBlockLength
    }

    private func readRun(_ requests: ArraySlice<BlockRequest>) -> [UploadBlock?] {
        let failure = [UploadBlock?](repeating: nil, count: requests.count)
        guard let first = requests.first, isAcceptable(first) else { return failure }
        let length = requests.reduce(0) { $0 + Int($1.length) }
        guard let memory = UploadMemory(count: length),
            readPiece(first.piece, from: Int(first.begin), into: memory.bytes)
        else { return failure }
        pools.counters.addUpload(length)
        return requests.map { request in
            UploadBlock(
                request: request, memory: memory, offset: Int(request.begin - first.begin))
        }
    }

    /// Copies verified bytes of a piece; false where it is missing.
    private func readPiece(
        _ piece: PieceIndex, from begin: Int, into target: UnsafeMutableRawBufferPointer
    ) -> Bool {
        let (isCached, buffer) = state.withLock { state in
            (state.cached[piece], state.cached[piece] ? nil : state.memory(of: piece))
        }
        if let buffer {
            let end = begin + target.count
            target.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer.bytes[begin..<end]))
            return true
        }
        return isCached
            && readSlices(piece, from: begin, into: target) { [self] file, offset, part in
                let (open, _) = openForReading(file)
                guard let open, case .done = read(open, file, at: offset, into: part) else {
                    return false
                }
                return true
            }
    }

    /// Goes through the parts of the files that a part of a piece consists of; padding is zeroed
    /// here. False as soon as `body` is false.
    func readSlices(
        _ piece: PieceIndex, from begin: Int, into target: UnsafeMutableRawBufferPointer,
        _ body: (FileIndex, Int64, UnsafeMutableRawBufferPointer) -> Bool
    ) -> Bool {
        let end = begin + target.count
        var covered = 0
        for slice in layout.slices(of: piece) {
            let first = max(begin, slice.pieceOffset)
            let last = min(end, slice.pieceOffset + slice.length)
            guard first < last else { continue }
            let part = UnsafeMutableRawBufferPointer(
                rebasing: target[first - begin..<last - begin])
            if layout.attributes(of: slice.file).contains(.padding) {
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
