import TorrentCore

/// The pieces that have buffers: a slab of records, with all their blocks in one flat array, so
/// that per-block work neither allocates nor hashes.
struct OpenPieces {
    /// No slot.
    static let none = -1

    private(set) var slots: [OpenPiece] = []
    private var blocks: [BlockRecord] = []
    private var slotNumbers: [Int32]
    private var free: [Int] = []
    private let stride: Int
    /// Bytes of all open pieces.
    private(set) var bytes = 0
    /// Bytes of the open pieces that are not urgent.
    private(set) var speculativeBytes = 0
    /// How many pieces are open.
    private(set) var count = 0
    /// How many of them are sparse.
    private(set) var sparseCount = 0

    init(pieceCount: Int, pieceLength: Int) {
        slotNumbers = Array(repeating: Int32(Self.none), count: pieceCount)
        stride =
            (pieceLength + BlockRequest.standardLength - 1) / BlockRequest.standardLength
    }

    /// The piece's slot, or `none`.
    func slot(of piece: PieceIndex) -> Int { Int(slotNumbers[piece.value]) }

    subscript(slot: Int) -> OpenPiece {
        _read { yield slots[slot] }
        _modify { yield &slots[slot] }
    }

    subscript(slot: Int, block: Int) -> BlockRecord {
        _read { yield blocks[slot * stride + block] }
        _modify { yield &blocks[slot * stride + block] }
    }

    mutating func open(
        _ piece: PieceIndex, geometry: PieceGeometry, in turn: UInt64, isUrgent: Bool,
        isSparse: Bool = false
    ) -> Int {
        let slot: Int
        if let reused = free.popLast() {
            slot = reused
        } else {
            slot = slots.count
            slots.append(OpenPiece())
            blocks.append(contentsOf: repeatElement(BlockRecord(), count: stride))
        }
        let length = geometry.length(of: piece)
        let blockCount = geometry.blockCount(of: piece)
        var record = BlockRecord()
        if isSparse { record.status = .unwanted }
        for block in 0..<blockCount { blocks[slot * stride + block] = record }
        slots[slot] = OpenPiece(
            state: .active, openedIn: turn, piece: piece, length: length, blockCount: blockCount,
            missing: isSparse ? 0 : blockCount, remaining: blockCount, isUrgent: isUrgent,
            isSparse: isSparse, charge: isSparse ? 0 : length)
        slotNumbers[piece.value] = Int32(slot)
        bytes += slots[slot].charge
        if !isUrgent { speculativeBytes += slots[slot].charge }
        count += 1
        if isSparse { sparseCount += 1 }
        return slot
    }

    mutating func close(_ slot: Int) {
        slotNumbers[slots[slot].piece.value] = Int32(Self.none)
        charge(slot, 0)
        count -= 1
        if slots[slot].isSparse { sparseCount -= 1 }
        slots[slot].state = .closed
        free.append(slot)
    }

    mutating func setUrgent(_ slot: Int, _ isUrgent: Bool) {
        guard slots[slot].isUrgent != isUrgent else { return }
        slots[slot].isUrgent = isUrgent
        slots[slot].urgentSince = nil
        speculativeBytes += isUrgent ? -slots[slot].charge : slots[slot].charge
    }

    private mutating func charge(_ slot: Int, _ amount: Int) {
        let change = amount - slots[slot].charge
        slots[slot].charge = amount
        bytes += change
        if !slots[slot].isUrgent { speculativeBytes += change }
    }

    // MARK: - Sparse pieces

    /// A block of a sparse piece is needed; false where that was known.
    mutating func want(_ slot: Int, _ block: Int) -> Bool {
        guard blocks[slot * stride + block].status == .unwanted else { return false }
        blocks[slot * stride + block].status = .missing
        slots[slot].missing += 1
        if block < slots[slot].cursor { slots[slot].cursor = block }
        charge(slot, slots[slot].charge + BlockRequest.standardLength)
        return true
    }

    /// What a sparse piece still lacks is needed no more.
    mutating func unwantMissing(_ slot: Int) {
        guard slots[slot].isSparse, slots[slot].missing > 0 else { return }
        for block in 0..<slots[slot].blockCount
        where blocks[slot * stride + block].status == .missing {
            blocks[slot * stride + block].status = .unwanted
            slots[slot].missing -= 1
            charge(slot, slots[slot].charge - BlockRequest.standardLength)
        }
    }

    /// All of a sparse piece is needed.
    mutating func becomeWhole(_ slot: Int) {
        slots[slot].isSparse = false
        slots[slot].isToBeWhole = false
        sparseCount -= 1
        slots[slot].cursor = 0
        charge(slot, slots[slot].length)
        for block in 0..<slots[slot].blockCount
        where blocks[slot * stride + block].status == .unwanted {
            blocks[slot * stride + block].status = .missing
            slots[slot].missing += 1
        }
    }

    /// The first missing block at or after `start` that `peer` is not asked for yet. Moves the
    /// piece's cursor past what is not missing.
    mutating func nextMissing(_ slot: Int, for peer: Int16, from start: Int = 0) -> Int? {
        let base = slot * stride
        var block = slots[slot].cursor
        let end = slots[slot].blockCount
        while block < end, blocks[base + block].status != .missing { block += 1 }
        slots[slot].cursor = block
        block = max(block, start)
        while block < end {
            if blocks[base + block].status == .missing,
                !blocks[base + block].isRequested(of: peer)
            {
                return block
            }
            block += 1
        }
        return nil
    }

    /// A block is to be requested (again).
    mutating func becomeMissing(_ slot: Int, _ block: Int) {
        let index = slot * stride + block
        switch blocks[index].status {
        case .missing, .unwanted: return
        case .requested: break
        case .present: slots[slot].remaining += 1
        }
        blocks[index].status = .missing
        blocks[index].sender = BlockRecord.noSender
        blocks[index].check = .none
        slots[slot].missing += 1
        if block < slots[slot].cursor { slots[slot].cursor = block }
    }

    /// A block was requested.
    mutating func becomeRequested(_ slot: Int, _ block: Int) {
        guard blocks[slot * stride + block].status == .missing else { return }
        blocks[slot * stride + block].status = .requested
        slots[slot].missing -= 1
    }

    /// A block arrived, or is padding.
    mutating func becomePresent(_ slot: Int, _ block: Int, sender: UInt32) {
        let index = slot * stride + block
        if blocks[index].status == .missing { slots[slot].missing -= 1 }
        blocks[index].status = .present
        blocks[index].sender = sender
        slots[slot].remaining -= 1
    }
}
