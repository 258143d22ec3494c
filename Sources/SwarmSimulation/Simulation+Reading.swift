import Swarm
import TorrentCore

extension Simulation {
    private func key(_ reader: Int, _ position: Int) -> ReadKey {
        ReadKey(UInt64(reader) << 32 | UInt64(position))
    }

    /// A reader makes its next read, which ends at once where every piece is there.
    func nextRead(_ number: Int, _ reader: Int) {
        let state = nodes[number].readers[reader]
        guard state.position < state.plan.reads.count, !state.isWaiting else { return }
        let pieces = state.plan.reads[state.position]
        nodes[number].readers[reader].isWaiting = true
        nodes[number].readers[reader].since = now
        if state.plan.readahead > 0 {
            let end = min(
                pieces.upperBound.value + state.plan.readahead, content.geometry.pieceCount)
            let window = pieces.upperBound..<PieceIndex(max(end, pieces.upperBound.value))
            nodes[number].windows[reader] = window
            nodes[number].torrent.readahead(
                StreamKey(UInt64(reader)), pieces: window, now: now)
        }
        if !complete(number, reader) {
            nodes[number].torrent.readArrived(key(reader, state.position), pieces: pieces, now: now)
        }
        settle(number)
    }

    /// A piece verified: ends the reads that it completes.
    func pieceArrived(_ number: Int) {
        for reader in nodes[number].readers.indices where nodes[number].readers[reader].isWaiting {
            _ = complete(number, reader)
        }
    }

    private func complete(_ number: Int, _ reader: Int) -> Bool {
        let state = nodes[number].readers[reader]
        let pieces = state.plan.reads[state.position]
        let isSeed = nodes[number].configuration.isSeed
        guard isSeed || pieces.allSatisfy({ nodes[number].store[$0] != nil }) else { return false }
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
        } else if state.plan.readahead > 0 {
            nodes[number].windows[reader] = nil
            let end = PieceIndex(0)
            nodes[number].torrent.readahead(
                StreamKey(UInt64(reader)), pieces: end..<end, now: now)
        }
        return true
    }
}
