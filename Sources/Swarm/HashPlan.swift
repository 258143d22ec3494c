import Metainfo
import TorrentCore

/// What a torrent's state machine knows of the hashes that verify single blocks (BEP 52), and which
/// are being fetched.
struct HashPlan: Sendable {
    /// Runs of leaves that are kept: 512 bytes each. More are forgotten all at once.
    private static let runLimit = 16_384

    /// Where pieces stand in their files' trees; nil for a v1 torrent.
    let tree: (@Sendable (PieceIndex) -> PieceTree?)?
    /// Pieces that cannot be verified before their part of the piece layer is there: of a v2 torrent
    /// whose metadata came from peers. Nil where there is none.
    var unverifiable: Bitfield?
    var fetches: [HashRequest: HashFetch] = [:]
    private var leaves: [LeafRun: [SHA256Digest]] = [:]
    /// Blocks that were fetched alone, by piece: where many are, the whole piece is.
    private var touched: [PieceIndex: Int] = [:]
    /// Whether some fetch waits for a peer to be asked.
    var hasWork = false
    /// When the first of those that are put off is due; nil where none is.
    var nextDelayed: Timestamp?

    init(tree: (@Sendable (PieceIndex) -> PieceTree?)?, unverifiable: Bitfield?) {
        self.tree = tree
        self.unverifiable = unverifiable
    }

    /// The proven leaf of a block.
    func leaf(_ piece: PieceIndex, _ block: Int, runLength: Int) -> SHA256Digest? {
        guard let run = leaves[LeafRun(piece, block / runLength)] else { return nil }
        return run[block % runLength]
    }

    func hasLeaves(_ run: LeafRun) -> Bool { leaves[run] != nil }

    mutating func setLeaves(_ run: LeafRun, _ hashes: [SHA256Digest]) {
        if leaves.count >= Self.runLimit { leaves = [:] }
        leaves[run] = hashes
    }

    func touchedBlocks(of piece: PieceIndex) -> Int { touched[piece] ?? 0 }

    mutating func touch(_ piece: PieceIndex, blocks: Int) {
        if touched.count >= Self.runLimit { touched = [:] }
        touched[piece, default: 0] += blocks
    }

    /// The piece is here whole.
    mutating func forget(_ piece: PieceIndex) { touched[piece] = nil }
}
