/// A peer that reads the same data at the same time.
struct Sharer {
    /// Its slot.
    let number: Int
    /// What it contributes to `SharingRank`.
    let key: UInt64
    /// Whether anything is left to it to fetch.
    let isTrusted: Bool
}
