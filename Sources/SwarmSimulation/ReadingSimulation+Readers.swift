import Swarm
import TorrentCore
import TorrentTree

extension ReadingSimulation {
    /// A reader makes the reads that it may make now.
    func read(_ reader: Int) {
        switch readers[reader].configuration.pattern {
        case .random(let range, let count, _):
            guard readers[reader].report.reads.count < count else { return finish(reader) }
            submit(reader, randomBytes(in: range))
        case .sequential(let range):
            while readers[reader].outstanding < FileReader.kernelReadahead,
                readers[reader].next < range.upperBound
            {
                let start = readers[reader].next
                let end = min(range.upperBound, start + FileReader.requestLength)
                readers[reader].next = end
                readers[reader].outstanding += end - start
                submit(reader, start..<end)
            }
            if readers[reader].outstanding == 0 { finish(reader) }
        }
    }

    func answered(_ reader: Int, _ bytes: Range<Int64>, _ start: Timestamp) {
        readers[reader].report.reads.append(
            FileReaderReport.Read(start: start, end: now, bytes: bytes.count))
        switch readers[reader].configuration.pattern {
        case .random(_, _, let pause): schedule(.read(reader: reader), at: now + pause)
        case .sequential:
            readers[reader].outstanding -= Int64(bytes.count)
            read(reader)
        }
    }

    /// A piece verified: answers the reads that it completes.
    func hashed(_ piece: PieceIndex) {
        machine.pieceVerified(piece, blockDigests: nil, now: now)
        var ended: [Wait] = []
        waits.removeAll { wait in
            guard wait.pieces.contains(piece), wait.pieces.allSatisfy({ machine.have[$0] }) else {
                return false
            }
            ended.append(wait)
            return true
        }
        for wait in ended {
            machine.readEnded(wait.key, now: now)
            answered(wait.reader, wait.bytes, wait.start)
        }
    }

    private func finish(_ reader: Int) { readers[reader].report.isFinished = true }

    private func submit(_ reader: Int, _ bytes: Range<Int64>) {
        let pieces = pieces(of: bytes)
        if pieces.allSatisfy({ machine.have[$0] }) {
            schedule(
                .answered(reader: reader, bytes: bytes, start: now), at: now + Self.cachedRead)
        } else {
            lastKey += 1
            let key = ReadKey(lastKey)
            waits.append(
                Wait(key: key, reader: reader, bytes: bytes, pieces: pieces, start: now))
            machine.readArrived(key, pieces: pieces, now: now)
        }
        let windows = streams.observe(bytes, handle: UInt64(reader), now: now) {
            lastKey += 1
            return lastKey
        }
        for window in windows {
            let ahead = self.pieces(of: window.bytes)
            let first = ahead.first { !machine.have[$0] } ?? ahead.upperBound
            machine.readahead(
                StreamKey(window.stream), pieces: first..<ahead.upperBound, now: now)
        }
    }

    private func pieces(of bytes: Range<Int64>) -> Range<PieceIndex> {
        guard !bytes.isEmpty else { return PieceIndex(0)..<PieceIndex(0) }
        let length = Int64(geometry.pieceLength)
        return PieceIndex(
            Int(bytes.lowerBound / length))..<PieceIndex(
                Int((bytes.upperBound - 1) / length) + 1)
    }

    /// A place whose piece is not there yet, as far as one is found soon.
    private func randomBytes(in range: Range<Int64>) -> Range<Int64> {
        let length = FileReader.randomLength
        var start = range.lowerBound
        for _ in 0..<100 {
            start =
                range.lowerBound + Int64.random(
                    in: 0..<Int64(range.count) / length, using: &random) * length
            if !machine.have[pieces(of: start..<start + length).lowerBound] { break }
        }
        return start..<start + length
    }
}
