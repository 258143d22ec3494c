import Swarm
import TorrentCore
import TorrentTree

extension Simulation {
    private func key(_ reader: Int, _ position: Int) -> ReadKey {
        ReadKey(UInt64(reader) << 32 | UInt64(position))
    }

    /// A reader makes its next read, which ends at once where every piece is there.
    func nextRead(_ number: Int, _ reader: Int) {
        let state = nodes[number].readers[reader]
        guard state.position < state.plan.reads.count, !state.isWaiting else { return }
        nodes[number].readers[reader].isWaiting = true
        nodes[number].readers[reader].since = now
        let last = min(state.position + state.plan.kernelReadahead, state.plan.reads.count - 1)
        while nodes[number].readers[reader].made <= last {
            let read = nodes[number].readers[reader].made
            nodes[number].readers[reader].made += 1
            announce(number, reader, state.plan.reads[read])
            nodes[number].torrent.readArrived(
                key(reader, read), pieces: state.plan.reads[read], now: now)
        }
        complete(number, reader)
        settle(number)
    }

    /// Says what a reader will want after a read.
    private func announce(_ number: Int, _ reader: Int, _ read: Range<PieceIndex>) {
        let plan = nodes[number].readers[reader].plan
        var windows: [Range<PieceIndex>] = []
        if plan.policy != nil {
            let length = Int64(content.geometry.pieceLength)
            let bytes =
                Int64(read.lowerBound.value)
                * length..<min(
                    Int64(read.upperBound.value) * length, Int64(content.bytes.count))
            let changes = nodes[number].readers[reader].streams?.observe(
                bytes, handle: 0, now: now, newNumber: { 0 })
            windows = (changes ?? []).map { change in
                let first = PieceIndex(Int(change.bytes.lowerBound / length))
                let end = PieceIndex(Int((change.bytes.upperBound + length - 1) / length))
                let have = nodes[number].torrent.have
                return (have.first(in: first..<end, isSet: false) ?? end)..<end
            }
        } else if plan.readahead > 0 {
            let end = min(read.upperBound.value + plan.readahead, content.geometry.pieceCount)
            windows = [read.upperBound..<PieceIndex(max(end, read.upperBound.value))]
        }
        for window in windows {
            nodes[number].windows[reader] = window
            nodes[number].torrent.readahead(
                StreamKey(UInt64(reader)), pieces: window, now: now)
        }
    }

    /// A piece verified: ends the reads that it completes.
    func pieceArrived(_ number: Int) {
        for reader in nodes[number].readers.indices where nodes[number].readers[reader].isWaiting {
            complete(number, reader)
        }
    }

    /// Ends a reader's read where all of it is there.
    private func complete(_ number: Int, _ reader: Int) {
        let state = nodes[number].readers[reader]
        let pieces = state.plan.reads[state.position]
        let isSeed = nodes[number].configuration.isSeed
        guard isSeed || pieces.allSatisfy({ nodes[number].store[$0] != nil }) else { return }
        for piece in pieces where !isSeed {
            let bytes = nodes[number].store[piece] ?? []
            nodes[number].report.bytesRead += bytes.count
            if !content.isEqual(bytes, to: piece) { nodes[number].report.wrongReads += 1 }
        }
        nodes[number].report.latencies.append((now - state.since).seconds)
        nodes[number].report.finishedAt = now
        nodes[number].torrent.readEnded(key(reader, state.position), now: now)
        nodes[number].readers[reader].isWaiting = false
        nodes[number].readers[reader].position += 1
        if nodes[number].readers[reader].position < state.plan.reads.count {
            schedule(.read(node: number, reader: reader), after: state.plan.pause)
        } else if state.plan.readahead > 0 || state.plan.policy != nil {
            nodes[number].windows[reader] = nil
            let end = PieceIndex(0)
            nodes[number].torrent.readahead(
                StreamKey(UInt64(reader)), pieces: end..<end, now: now)
        }
    }
}
