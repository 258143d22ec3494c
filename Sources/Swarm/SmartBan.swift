package import TorrentCore

/// Finds who sent the corrupt blocks of a v1 piece, whose hash only covers the whole.
///
/// A piece that fails leaves, for each block, its sender and its digest. When the piece verifies
/// later, every sender whose digest differs from the good one is guilty; and whoever sends the
/// same block twice with different bytes is guilty at once. Source: libtorrent's smart_ban.cpp.
package struct SmartBan: Sendable {
    /// One failed attempt at a piece.
    private struct Attempt {
        let senders: [PeerKey?]
        let digests: [SHA1Digest]
    }

    /// Failed pieces that are remembered; the oldest goes first. A 64 MiB piece has 4096 blocks,
    /// so that the evidence stays below a few dozen MiB.
    static let pieceLimit = 32
    /// Attempts kept for each piece.
    static let attemptLimit = 4

    private var attempts: [PieceIndex: [Attempt]] = [:]
    private var order: [PieceIndex] = []

    /// No evidence.
    package init() {}

    /// Whether the piece failed and has not verified since.
    package func hasFailed(_ piece: PieceIndex) -> Bool { attempts[piece] != nil }

    /// Whether the peer sent any of a failed attempt at the piece.
    package func isSuspect(_ peer: PeerKey, of piece: PieceIndex) -> Bool {
        attempts[piece]?.contains { $0.senders.contains(peer) } ?? false
    }

    /// A piece failed its hash. `senders` has an entry a block, nil for padding; `digests` the
    /// same, or is empty where there are none (v2). Returns the peers that are guilty for sure.
    package mutating func pieceFailed(
        _ piece: PieceIndex, senders: [PeerKey?], digests: [SHA1Digest]
    ) -> [PeerKey] {
        let sources = Set(senders.compactMap(\.self))
        if sources.count == 1 {
            remember(piece, Attempt(senders: senders, digests: digests))
            return Array(sources)
        }
        var guilty: [PeerKey] = []
        for earlier in attempts[piece] ?? [] {
            for block in 0..<min(senders.count, digests.count, earlier.digests.count) {
                guard let sender = senders[block], sender == earlier.senders[block],
                    digests[block] != earlier.digests[block], !guilty.contains(sender)
                else { continue }
                guilty.append(sender)
            }
        }
        remember(piece, Attempt(senders: senders, digests: digests))
        return guilty
    }

    /// A piece verified, with the digests of its blocks where they were asked for. Returns the
    /// peers that had sent other bytes, and forgets the evidence.
    package mutating func pieceVerified(
        _ piece: PieceIndex, digests: [SHA1Digest]?
    ) -> [PeerKey] {
        guard let failed = attempts.removeValue(forKey: piece) else { return [] }
        order.removeAll { $0 == piece }
        guard let digests else { return [] }
        var guilty: [PeerKey] = []
        for attempt in failed {
            for block in 0..<min(digests.count, attempt.digests.count) {
                guard let sender = attempt.senders[block],
                    attempt.digests[block] != digests[block], !guilty.contains(sender)
                else { continue }
                guilty.append(sender)
            }
        }
        return guilty
    }

    private mutating func remember(_ piece: PieceIndex, _ attempt: Attempt) {
        if attempts[piece] == nil {
            order.append(piece)
            if order.count > Self.pieceLimit { attempts[order.removeFirst()] = nil }
        }
        attempts[piece, default: []].append(attempt)
        if let count = attempts[piece]?.count, count > Self.attemptLimit {
            attempts[piece]?.removeFirst()
        }
    }
}
