/// One peer in the distribution of a piece that reads wait for.
struct UrgentCandidate {
    let number: Int
    /// How many more requests it may have.
    var room: Int
    /// Seconds until what it is to send before the next block is here.
    var drain: Double
    /// Seconds until a block that it is asked for next is here.
    var seconds: Double
    /// It was given blocks.
    var isChosen = false
}
