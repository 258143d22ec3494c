/// Who is to fetch a piece from a seed, as far as that is known.
struct SharingLine {
    /// Readers that come before us by `SharingRank`.
    var place = 0
    /// Readers that have said that they fetch it.
    var claims = 0
    /// A reader has it, and sends.
    var isThere = false

    /// Whether it is ours.
    var isOurs: Bool { place == 0 && claims == 0 && !isThere }
}
