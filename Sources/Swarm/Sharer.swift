/// A peer that reads the same data at the same time.
struct Sharer {
    /// Its slot.
    let number: Int
    /// What it contributes to `SharingRank`.
    let key: UInt64
}
