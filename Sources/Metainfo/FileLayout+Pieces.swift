package import TorrentCore

extension FileLayout {
    /// The pieces that hold the file; empty for a file without content.
    package func pieces(of file: FileIndex) -> Range<PieceIndex> {
        pieces(from: offset(of: file), length: length(of: file))
    }

    /// The pieces that hold `count` bytes of a file from `offset` on, as far as the file goes.
    package func pieces(of file: FileIndex, offset: Int64, count: Int) -> Range<PieceIndex> {
        let start = min(max(0, offset), length(of: file))
        let rest = min(Int64(max(0, count)), length(of: file) - start)
        return pieces(from: self.offset(of: file) + start, length: rest)
    }

    /// The parts of files that make up a piece, in order, padding files included. Costs a binary
    /// search, and a little for each part.
    package func slices(of piece: PieceIndex) -> [FileSlice] {
        slices(from: Int64(piece.value) * pieceLength, count: pieceLength)
    }

    /// The same for any part of the payload: what a slice calls its place in the piece is its place
    /// in that part.
    package func slices(from start: Int64, count: Int64) -> [FileSlice] {
        var slices: [FileSlice] = []
        let end = start + min(count, totalLength - start)
        var position = start
        var file = self.file(at: position)
        while let current = file, position < end {
            let stop = min(end, offset(of: current) + length(of: current))
            slices.append(
                FileSlice(
                    file: current, fileOffset: position - offset(of: current),
                    pieceOffset: Int(position - start), length: Int(stop - position)))
            position = stop
            file = next(after: current, at: position)
        }
        return slices
    }

    /// Whether a block lies wholly in padding files: such a block is zeros and is never asked for.
    package func isPadding(_ block: BlockRequest) -> Bool {
        guard hasPadding else { return false }
        var position = Int64(block.piece.value) * pieceLength + Int64(block.begin)
        let end = min(position + Int64(block.length), totalLength)
        guard position < end, var file = file(at: position) else { return false }
        while attributes(of: file).contains(.padding) {
            position = offset(of: file) + length(of: file)
            guard position < end else { return true }
            guard let following = next(after: file, at: position) else { return false }
            file = following
        }
        return false
    }

    /// The file that holds the payload's byte at `position`; nil outside of all files, as in the
    /// gaps of a v2-only torrent. A binary search.
    package func file(at position: Int64) -> FileIndex? {
        // The first file that starts behind `position`; the one before it is the only candidate,
        // as files without content start where the next file does.
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if offsets[middle] <= position { low = middle + 1 } else { high = middle }
        }
        guard low > 0, position >= 0, position < offsets[low - 1] + lengths[low - 1] else {
            return nil
        }
        return FileIndex(low - 1)
    }

    /// The file that goes on at `position`, where `file` ends: mostly the next one, but a run of
    /// files without content is jumped over, however long it is.
    private func next(after file: FileIndex, at position: Int64) -> FileIndex? {
        let candidate = file.value + 1
        guard candidate < count else { return nil }
        if lengths[candidate] > 0, offsets[candidate] == position { return FileIndex(candidate) }
        return self.file(at: position)
    }

    private func pieces(from start: Int64, length: Int64) -> Range<PieceIndex> {
        // `totalLength` is bounded so that piece numbers fit; see `FileLayoutBuilder`.
        let first = Int(start / pieceLength)
        guard length > 0 else { return PieceIndex(first)..<PieceIndex(first) }
        return PieceIndex(first)..<PieceIndex(Int((start + length - 1) / pieceLength) + 1)
    }
}
