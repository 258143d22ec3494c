import TorrentCore

// A seed that super-seeds (BEP 16) says that it has nothing, and then offers each peer a piece or two
// of its choice; the next ones follow when those have been fetched, by us or (as some do it) also by
// others. Whoever only fetches what is read would wait for ever for a piece that is never offered.
//
// So while a read waits for a piece that nobody has, what such a seed offers is fetched, and what
// others got of it: it is the only way on. Such a seed shows by not wanting what we have and it says
// to lack. A peer that lacks much and offers much is a leecher, and left alone.
extension TorrentStateMachine {
    /// A super-seeding peer offers no more pieces at a time; libtorrent offers two.
    static let offerLimit = 4
    /// Pieces of offers that are fetched at a time, over all peers.
    static let offeredLimit = 16
    /// A piece that a read waits for may turn up with a peer that has just come.
    static let offerPatience = Interval.seconds(1)

    /// Looks whether offers are to be taken, and which. Linear in the number of peers where reads
    /// wait for what nobody has.
    mutating func takeUpOffers() {
        offersAreDue = false
        var wanted: [PieceIndex] = []
        if isStarved {
            for number in peers.indices where offersLittle(number) {
                for piece in lacking(of: number)
                where !wanted.contains(piece) && wanted.count < Self.offeredLimit {
                    wanted.append(piece)
                }
            }
        }
        guard wanted != offers else { return }
        let left = offers.filter { !wanted.contains($0) }
        let added = wanted.filter { !offers.contains($0) }
        offers = wanted
        for piece in left { readahead(Self.offerStream(piece), pieces: piece..<piece, now: now) }
        for piece in added {
            readahead(
                Self.offerStream(piece), pieces: piece..<piece.advanced(by: 1), now: now)
        }
    }

    /// Whether a read waits for a piece that neither peers nor web seeds have.
    private var isStarved: Bool {
        guard webSeeds.allSatisfy(\.isDisabled) else { return false }
        let hasWaited = scheduler.urgent.contains { piece in
            guard availability.count(of: piece) == 0, let since = urgentSince[piece] else {
                return false
            }
            return now - since >= Self.offerPatience
        }
        // Last what looks at all pieces of peers.
        return hasWaited
            && peers.indices.contains { !peers[$0].isInterestedInUs && offersLittle($0) }
    }

    /// Whether a peer that sends has a few pieces that we lack, and no more.
    private func offersLittle(_ number: Int) -> Bool {
        guard peers[number].isConnected, peers[number].lane == nil, !peers[number].isBanned,
            !peers[number].isChokingUs, !peers[number].hasAll
        else { return false }
        let count = lacking(of: number).count
        return count > 0 && count <= Self.offerLimit
    }

    /// Pieces of a peer that we lack, one more than the limit at most.
    private func lacking(of number: Int) -> [PieceIndex] {
        guard peers[number].bits.count > 0 else { return [] }
        var rest = geometry.pieces
        var found: [PieceIndex] = []
        while found.count <= Self.offerLimit,
            let piece = peers[number].bits.first(in: rest, notIn: have)
        {
            found.append(piece)
            rest = piece.advanced(by: 1)..<rest.upperBound
        }
        return found
    }

    /// Behind readers and prefetches alike, and unlike any of their numbers.
    private static func offerStream(_ piece: PieceIndex) -> StreamKey {
        StreamKey(0b11 << 62 | UInt64(piece.value))
    }
}
