/// What a power loss does to what was written and not synced. What was synced always stays.
package enum PowerLoss: Sendable {
    /// All of it had reached the disk.
    case losesNothing
    /// None of it had.
    case losesEverythingUnsynced
    /// The kernel had written some of it, in an order of its own: each write is there, gone, or
    /// torn into sectors; changes of names are there up to some moment, as a journal keeps them.
    case losesSome
}
