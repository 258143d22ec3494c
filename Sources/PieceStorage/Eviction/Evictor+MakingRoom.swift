import Glibc
import Metainfo
import Reactor
import TorrentCore
import TorrentCrypto

/// Choosing and evicting.
extension Evictor {
    /// How long one that gave nothing is not asked again, as its pieces are in use: twice as long each
    /// time.
    private static let firstRest = Interval.seconds(1)
    private static let longestRest = Interval.seconds(30)
    /// A disk may take long to sync; then what is synced goes.
    private static let syncLimit = Interval.seconds(30)
    private static let pollMicroseconds: UInt32 = 50_000
    /// Plans in a row that did not do: pieces that were read meanwhile, files that are open.
    private static let planLimit = 4

    /// Evicts until writers that wait have room and the limits' margin is there again, as far as
    /// there is anything to evict.
    mutating func makeRoom(_ round: inout EvictionRound) {
        do throws(StorageError) {
            // What our other torrents have reserved ahead may do.
            for (store, _) in round.stores { round.giveUpReserve(of: store) }
            try round.settle()
            grant(&round)
            // They may have been asked before anybody waited.
            try waitForOthers(&round)
        } catch {
            warn(error)
        }
        for _ in 0..<Self.planLimit {
            let bytes = bytesToEvict(round)
            guard bytes > 0 else { break }
            let before = round.freed
            do throws(StorageError) {
                try evict(bytes, &round)
                if !round.requests.isEmpty { try waitForOthers(&round) }
            } catch {
                warn(error)
                break
            }
            if round.requests.isEmpty, bytesToEvict(round) <= 0 { break }
            if round.freed == before { break }
        }
        grant(&round)
    }

    /// Evicts so many bytes of what this process does not hold, and waits for those who are asked.
    mutating func shrink(
        by bytes: Int64, _ round: inout EvictionRound
    ) throws(StorageError) {
        others = try round.directory.catalogue.others(than: round.torrents)
        try evict(bytes, &round)
        try waitForOthers(&round)
    }

    /// Without what others have just been asked for, unless a writer waits: that has waited already.
    private func bytesToEvict(_ round: EvictionRound) -> Int64 {
        let bytes = round.bytesToEvict(others)
        guard round.requests.isEmpty else { return bytes }
        let now = Timestamp.now()
        return asked.values.reduce(bytes) { $1.deadline > now ? $0 - $1.expected : $0 }
    }

    /// Evicts what was least recently used over all torrents, `bytes` of it.
    private mutating func evict(_ bytes: Int64, _ round: inout EvictionRound) throws(StorageError) {
        let now = Timestamp.now()
        asked = asked.filter { now < $0.value.rest }
        let foreign = others.filter { $0.bytes > 0 && asked[$0.id] == nil }
        let foreignLists = try foreign.map { torrent throws(StorageError) in
            try candidates(of: torrent, round.directory.catalogue)
        }
        let choose = { [stores = round.stores] in
            EvictionPolicy.choose(
                stores.map { $0.store.candidates(unsynced: true) } + foreignLists, bytes: bytes)
        }
        var choice = choose()
        // What is not synced cannot go yet.
        if zip(round.stores, choice).contains(where: { $0.store.isUnsynced($1) }) {
            round.directory.flush(until: .now() + Self.syncLimit)
            choice = choose()
        }
        for (torrent, chosen) in zip(foreign, choice[round.stores.count...])
        where !chosen.isEmpty {
            try evict(chosen, of: torrent, &round)
            grant(&round)
        }
        for ((store, _), chosen) in zip(round.stores, choice) {
            for batch in EvictionRound.batches(chosen) {
                round.freed += try store.evict(batch)
                round.giveUpReserve(of: store)
                try round.settle()
                grant(&round)
            }
        }
    }

    /// What may be evicted of a torrent that this process does not hold; sizes are not known.
    private func candidates(
        of torrent: Catalogue.OtherTorrent, _ catalogue: Catalogue
    ) throws(StorageError) -> [EvictionPolicy.Candidate] {
        let times = try catalogue.times(of: torrent)
        var cached = try catalogue.cached(of: torrent.id, pieceCount: torrent.pieceCount)
        var isPinned = Bitfield(count: torrent.pieceCount)
        for range in try catalogue.pinnedPieces(of: torrent) {
            for piece in range {
                cached[piece] = false
                isPinned[piece] = true
            }
        }
        let whole = cached.runs.flatMap { run in
            run.map { piece in
                EvictionPolicy.Candidate(
                    piece: piece, lastUse: times[piece], bytes: torrent.pieceLength)
            }
        }
        let sparse = try catalogue.blocks(of: torrent.id).compactMap { row, numbers in
            row >= 0 && row < Int64(torrent.pieceCount) && !isPinned[PieceIndex(Int(row))]
                ? EvictionPolicy.Candidate(
                    piece: PieceIndex(Int(row)), lastUse: times[PieceIndex(Int(row))],
                    bytes: Int64(numbers.count * BlockRequest.standardLength)) : nil
        }
        return whole + sparse
    }

    /// Evicts from a torrent that nobody holds, or asks who holds it.
    private mutating func evict(
        _ chosen: [EvictionPolicy.Candidate], of torrent: Catalogue.OtherTorrent,
        _ round: inout EvictionRound
    ) throws(StorageError) {
        let catalogue = round.directory.catalogue
        do {
            guard let store = try adopt(torrent, round) else {
                leaveAlone(torrent)
                return
            }
            defer { store.leave() }
            let wasCounted = store.usage?.isCounted == true
            while store.usage?.isCounted == false { store.countFiles() }
            var freed = wasCounted ? 0 : torrent.bytes - (store.usage?.bytes ?? 0)
            for batch in EvictionRound.batches(chosen) { freed += try store.evict(batch) }
            round.freed += freed
            // One that gives nothing, its files being open, is left alone for a while.
            if freed <= 0 { leaveAlone(torrent) } else { refusals[torrent.id] = nil }
        } catch StorageError.inUse {
            let last = chosen.lazy.map(\.lastUse).max() ?? .never
            try catalogue.ask(torrent.id, toEvictBefore: last)
            let deadline = Timestamp.now() + round.patience
            asked[torrent.id] = Asked(
                deadline: deadline, rest: deadline + Self.longestRest, bytes: torrent.bytes,
                expected: chosen.reduce(0) { $0 + $1.bytes })
        }
        others = try catalogue.others(than: round.torrents)
    }

    private mutating func leaveAlone(_ torrent: Catalogue.OtherTorrent) {
        let now = Timestamp.now()
        let count = refusals[torrent.id, default: 0]
        refusals[torrent.id] = count + 1
        let rest = min(Self.firstRest * (1 << Int64(min(count, 5))), Self.longestRest)
        asked[torrent.id] = Asked(
            deadline: now, rest: now + rest, bytes: torrent.bytes, expected: 0)
    }

    /// Opens a torrent that nobody holds, to evict from it; nil where that makes no sense.
    private func adopt(
        _ torrent: Catalogue.OtherTorrent, _ round: EvictionRound
    ) throws(StorageError) -> PieceStore? {
        guard let pools = round.pools,
            let metainfo = CacheFolder.metainfo(
                of: torrent.folder, in: round.directory.descriptor)
        else { return nil }
        return try PieceStore(
            metainfo: metainfo, location: .cache(round.directory), pools: pools,
            purpose: .eviction)
    }

    /// Gives the processes that were asked some time, while they ask us perhaps.
    private mutating func waitForOthers(_ round: inout EvictionRound) throws(StorageError) {
        while round.isAwaited, asked.values.contains(where: { $0.deadline > .now() }) {
            usleep(Self.pollMicroseconds)
            try refresh(&round)
            try obey(&round)
            try noteAnswers(&round)
            grant(&round)
        }
    }

    /// Who did what they were asked may be asked for more; who could not, or is gone, is not waited
    /// for.
    mutating func noteAnswers(_ round: inout EvictionRound) throws(StorageError) {
        guard !asked.isEmpty else { return }
        let now = Timestamp.now()
        for torrent in others where asked[torrent.id].map({ $0.deadline > now }) == true {
            // Gone without a word: the next plan takes what it left.
            if !TorrentLock.isHeld(torrent.folder, in: round.directory.descriptor) {
                asked[torrent.id] = nil
            }
        }
        let pending = try round.directory.catalogue.pendingEvictions()
        guard asked.keys.contains(where: { !pending.contains($0) }) else { return }
        // Looked at after that: who is done has said before what it takes now.
        others = try round.directory.catalogue.others(than: round.torrents)
        for torrent in others {
            guard let request = asked[torrent.id], !pending.contains(torrent.id) else { continue }
            if torrent.bytes < request.bytes {
                round.freed += request.bytes - torrent.bytes
                asked[torrent.id] = nil
                refusals[torrent.id] = nil
            } else if request.deadline > .now() {
                leaveAlone(torrent)
            }
        }
    }
}
