import Metainfo
import TorrentCore

/// Which missing pieces of a torrent other torrents of the same cache hold, and where: a new version
/// of a dataset, or another mix of its files. Found by hashes alone when a torrent is opened; nothing
/// is believed before the bytes were hashed.
struct SharedPieces: Sendable {
    /// A torrent to take from.
    struct Donor: Sendable {
        /// Its folder in the cache.
        let folder: String
        /// Where its bytes lie there.
        let disk: DiskLayout
    }

    private(set) var donors: [Donor] = []
    /// The pieces that some donor holds.
    private(set) var pieces: Bitfield
    /// Where each of them begins in its donor's payload.
    private var positions: [Int64]
    /// Which donor.
    private var numbers: [UInt8]

    /// Nothing yet.
    init(pieceCount: Int) {
        pieces = Bitfield(count: pieceCount)
        positions = [Int64](repeating: 0, count: pieceCount)
        numbers = [UInt8](repeating: 0, count: pieceCount)
    }

    /// Where a piece is; nil where no donor has it.
    func origin(of piece: PieceIndex) -> (donor: Donor, position: Int64)? {
        guard pieces[piece] else { return nil }
        return (donors[Int(numbers[piece.value])], positions[piece.value])
    }

    /// Adds a donor and what it holds; no more than 256 donors.
    mutating func add(_ donor: Donor, _ matches: [PieceMatching.Match]) {
        guard !matches.isEmpty, let number = UInt8(exactly: donors.count) else { return }
        donors.append(donor)
        for match in matches where !pieces[match.piece] {
            pieces[match.piece] = true
            positions[match.piece.value] = match.position
            numbers[match.piece.value] = number
        }
    }
}
