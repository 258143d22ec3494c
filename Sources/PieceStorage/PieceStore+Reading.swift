import Glibc
import Metainfo
import Reactor
import Synchronization
package import TorrentCore

extension PieceStore: FileReading {
    /// A cached read costs one lock, one `pread` and no allocation.
    package func read(
        _ file: FileIndex, offset: Int64, into buffer: UnsafeMutableRawBufferPointer
    ) -> ReadOutcome {
        read(file, offset: offset, buffer, { Self.copy($0, to: buffer) }, onRead: { _ in })
    }

    /// The same, and no copy of what is in memory.
    package func read(
        _ file: FileIndex, offset: Int64, lendingOr buffer: UnsafeMutableRawBufferPointer,
        _ body: ([UnsafeRawBufferPointer]) -> Void
    ) -> ReadOutcome {
        read(file, offset: offset, buffer, body, onRead: { body([$0]) })
    }

    /// `body` gets the parts of a read that is not wholly of one open cache file, `onRead` the bytes
    /// of one that is.
    private func read(
        _ file: FileIndex, offset: Int64, _ buffer: UnsafeMutableRawBufferPointer,
        _ body: ([UnsafeRawBufferPointer]) -> Void, onRead: (UnsafeRawBufferPointer) -> Void
    ) -> ReadOutcome {
        guard file.rawValue >= 0, file.value < layout.count else { return .failed(ENOENT) }
        guard offset >= 0 else { return .failed(EINVAL) }
        let length = layout.length(of: file)
        guard offset < length, buffer.count > 0 else { return .bytes(0) }
        let count = Int(min(Int64(buffer.count), length - offset))
        let target = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
        let pieces = layout.pieces(of: file, offset: offset, count: count)
        let place = disk.place(file, offset)
        let isInOneFile = place.offset + Int64(count) <= disk.length(of: place.file)

        while true {
            let time = UseTime.now()
            let (allCached, open, seen) = state.withLock { state -> (Bool, OpenFile?, UInt64) in
                let seen = generation.load(ordering: .relaxed)
                guard state.cached.first(in: pieces, isSet: false) == nil,
                    !state.hasRecent(pieces)
                else {
                    return (false, nil, seen)
                }
                state.uses.note(pieces, at: time)
                return (true, isInOneFile ? state.files.lookUp(place.file) : nil, seen)
            }
            if allCached, let open {
                let access = read(open, place.file, at: place.offset, into: target)
                guard case .done = access else { return outcome(of: access, count, pieces) }
                guard isCurrent(seen) else { continue }
                onRead(UnsafeRawBufferPointer(target))
                return .bytes(count)
            }
            if let outcome = readMixed(
                file, offset: offset, pieces: pieces, seen: seen, target, body)
            {
                return outcome
            }
        }
    }

    /// Whether no piece has been evicted since `generation` was `seen`: evicted pieces are counted
    /// before their bytes go, so that what was read meanwhile is no hole. To be asked before any byte
    /// that was read is passed on.
    func isCurrent(_ seen: UInt64) -> Bool { generation.load(ordering: .acquiring) == seen }

    /// Copies what is not there already.
    private static func copy(
        _ parts: [UnsafeRawBufferPointer], to buffer: UnsafeMutableRawBufferPointer
    ) {
        var done = 0
        for part in parts {
            let target = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            if part.baseAddress != UnsafeRawPointer(target.baseAddress) {
                target.copyMemory(from: part)
            }
            done += part.count
        }
    }

    /// Pieces from memory, from a file that is not open yet, or from both; nil where pieces were
    /// evicted meanwhile.
    private func readMixed(
        _ file: FileIndex, offset: Int64, pieces: Range<PieceIndex>, seen: UInt64,
        _ target: UnsafeMutableRawBufferPointer, _ body: ([UnsafeRawBufferPointer]) -> Void
    ) -> ReadOutcome? {
        // Opened first: a file that turns out damaged changes what is cached.
        if state.withLock({ state in
            state.cached.first(in: pieces, isSet: true) != nil
                || !state.stored.isEmpty && pieces.contains { state.stored.pieces[$0] != nil }
        }), !layout.attributes(of: file).contains(.padding) {
            let (opened, access) = openForReading(disk.place(file, offset).file)
            if opened == nil, case .failed(let code) = access { return .failed(code) }
        }
        var memory: [PieceBuffer?] = []
        // Of pieces that are not here whole, by their place among `pieces`.
        var blocks: [Int: [BlockPart]] = [:]
        var doubtful: [PieceIndex: [Int]] = [:]
        let start = layout.offset(of: file) + offset
        let bytes = start..<start + Int64(target.count)
        let time = UseTime.now()
        let missing = state.withLock { state -> Range<PieceIndex>? in
            var missing: Range<PieceIndex>?
            for piece in pieces {
                let buffer = state.memory(of: piece)
                if buffer == nil, !state.cached[piece] {
                    let part = PieceStoreState.part(of: piece, in: bytes, geometry)
                    if let found = state.blockParts(
                        of: piece, in: part, at: time, doubtful: &doubtful)
                    {
                        blocks[memory.count] = found
                        memory.append(nil)
                        continue
                    }
                    missing = (missing?.lowerBound ?? piece)..<piece.advanced(by: 1)
                }
                memory.append(buffer)
            }
            if missing == nil { state.uses.note(pieces, at: time) }
            return missing
        }
        if missing != nil, isGivenUp.load(ordering: .relaxed) { return .failed(EIO) }
        if let missing {
            return isCutOff ? refusal(of: missing, in: file) : .missing(missing)
        }
        guard doubtful.isEmpty else {
            settleBlocks(doubtful)
            return nil
        }
        return withExtendedLifetime(memory) {
            collect(
                file, offset: offset, pieces: pieces, memory: memory, blocks: blocks, seen: seen,
                target, body)
        }
    }

    private func collect(
        _ file: FileIndex, offset: Int64, pieces: Range<PieceIndex>, memory: [PieceBuffer?],
        blocks: [Int: [BlockPart]], seen: UInt64, _ target: UnsafeMutableRawBufferPointer,
        _ body: ([UnsafeRawBufferPointer]) -> Void
    ) -> ReadOutcome? {
        var parts: [UnsafeRawBufferPointer] = []
        let size = Int64(geometry.pieceLength)
        let start = layout.offset(of: file) + offset
        var done = 0
        while done < target.count {
            let position = start + Int64(done)
            let piece = PieceIndex(Int(position / size))
            let inPiece = Int(position % size)
            var count = min(target.count - done, geometry.pieceLength - inPiece)
            if let buffer = memory[piece.value - pieces.lowerBound.value] {
                guard inPiece + count <= buffer.bytes.count else { return .failed(EIO) }
                parts.append(
                    UnsafeRawBufferPointer(rebasing: buffer.bytes[inPiece..<inPiece + count]))
                if inPiece + count == buffer.bytes.count { buffer.noteRead() }
                pools.counters.addRead(count)
                done += count
                continue
            }
            if let blocks = blocks[piece.value - pieces.lowerBound.value] {
                for block in blocks {
                    let part = block.range.clamped(to: inPiece..<inPiece + count)
                    guard !part.isEmpty else { return .failed(EIO) }
                    if let memory = block.memory {
                        let begin = block.range.lowerBound
                        parts.append(
                            UnsafeRawBufferPointer(
                                rebasing: memory.bytes[
                                    part.lowerBound - begin..<part.upperBound - begin]))
                        pools.counters.addRead(part.count)
                    } else {
                        let from = done + part.lowerBound - inPiece
                        let target = UnsafeMutableRawBufferPointer(
                            rebasing: target[from..<from + part.count])
                        let access = readFile(file, at: offset + Int64(from), into: target)
                        guard case .done = access else { return outcome(of: access, count, pieces) }
                        parts.append(UnsafeRawBufferPointer(target))
                    }
                }
                done += count
                continue
            }
            // One `pread` for neighbours in the same cache file that are cached too.
            let place = disk.place(file, offset + Int64(done))
            let room = disk.length(of: place.file) - place.offset
            var next = piece.value - pieces.lowerBound.value + 1
            while done + count < target.count, Int64(count) < room, next < memory.count,
                memory[next] == nil, blocks[next] == nil
            {
                count = min(target.count - done, count + geometry.pieceLength)
                next += 1
            }
            let part = UnsafeMutableRawBufferPointer(rebasing: target[done..<done + count])
            let access = readFile(file, at: offset + Int64(done), into: part)
            guard case .done = access else { return outcome(of: access, count, pieces) }
            parts.append(UnsafeRawBufferPointer(part))
            done += count
        }
        guard isCurrent(seen) else { return nil }
        body(parts)
        return .bytes(target.count)
    }

    /// Reads a part of one of the torrent's files that lies in one cache file.
    private func readFile(
        _ file: FileIndex, at offset: Int64, into target: UnsafeMutableRawBufferPointer
    ) -> FileAccess {
        let place = disk.place(file, offset)
        let (open, opening) = openForReading(place.file)
        return open.map { read($0, place.file, at: place.offset, into: target) } ?? opening
    }

    /// Reads from an open file; the caller has seen that the pieces are cached.
    func read(
        _ open: OpenFile, _ file: FileIndex, at offset: Int64,
        into target: UnsafeMutableRawBufferPointer
    ) -> FileAccess {
        if let code = open.read(target, at: offset) {
            let pieces =
                code == EIO
                ? disk.pieces(of: file, offset: offset, count: target.count) : nil
            return fault(code, in: file, pieces, "file \(file) cannot be read")
        }
        if case .data(let folder) = backing, !folder.isUnchanged(open.descriptor) {
            warnOnce(.dataChanged, "file \(file) changed while it was seeded; not served any more")
            forget(Array(layout.pieces(of: file)))
            return .lost
        }
        pools.counters.addRead(target.count)
        return .done
    }

    private func outcome(
        of access: FileAccess, _ count: Int, _ pieces: Range<PieceIndex>
    ) -> ReadOutcome {
        switch access {
        case .done: .bytes(count)
        case .lost: .missing(pieces)
        case .failed(let code): .failed(code)
        }
    }

    // MARK: Counts

    /// Counts bits, 64 pieces a step.
    package func cachedBytes(of file: FileIndex) -> Int64 {
        state.withLock {
            Self.cachedBytes(of: file, $0.cached, layout, geometry.pieceLength)
                + $0.stored.bytes(of: file)
        }
    }

    /// Kept as pieces come and go.
    package var cachedBytes: Int64 { state.withLock { $0.cachedBytes + $0.stored.bytes } }

    /// Kept as pieces come and go.
    package var cachedPieceCount: Int { state.withLock { $0.cached.setCount } }

    /// Reads between `wait` and their completion or `cancelWait`.
    package var waitingReadCount: Int { state.withLock { $0.waits.count } }
}
