import TorrentCore

/// When each piece of a torrent was last used; four bytes a piece.
struct UseTimes: Sendable {
    private var times: [UInt32]
    /// Whether anything was noted since `takeBytes`.
    private var hasChanged = false

    /// All at the same time.
    init(count: Int, all time: UseTime) {
        times = [UInt32](repeating: time.rawValue, count: count)
    }

    /// From what `bytes` gave; nil where the length does not fit.
    init?(bytes: [UInt8], count: Int) {
        guard bytes.count == count * 4 else { return nil }
        times = [UInt32](unsafeUninitializedCapacity: count) { times, initialized in
            bytes.withUnsafeBytes { source in
                for index in 0..<count {
                    times[index] = UInt32(
                        littleEndian: source.loadUnaligned(
                            fromByteOffset: index * 4, as: UInt32.self))
                }
            }
            initialized = count
        }
    }

    subscript(piece: PieceIndex) -> UseTime { UseTime(rawValue: times[piece.value]) }

    /// Notes a use of pieces that exist.
    mutating func note(_ pieces: Range<PieceIndex>, at time: UseTime) {
        hasChanged = true
        for number in pieces.lowerBound.value..<pieces.upperBound.value {
            times[number] = time.rawValue
        }
    }

    /// All, little-endian, to be kept; nil where nothing has changed since the last call.
    mutating func takeBytes() -> [UInt8]? {
        guard hasChanged else { return nil }
        hasChanged = false
        return [UInt8](unsafeUninitializedCapacity: times.count * 4) { bytes, initialized in
            for (index, time) in times.enumerated() {
                UnsafeMutableRawBufferPointer(bytes).storeBytes(
                    of: time.littleEndian, toByteOffset: index * 4, as: UInt32.self)
            }
            initialized = times.count * 4
        }
    }
}
