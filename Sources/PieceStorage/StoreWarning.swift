/// What a store warns of once, however often it happens.
enum StoreWarning: Hashable, Sendable {
    case writeFailed, syncFailed, fileLost, dataChanged, punchFailed
}
