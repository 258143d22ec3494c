/// One operation to be timed.
protocol Measurement {
    /// What an operation is, for the table.
    var name: String { get }
    /// Bytes an operation moves, where a rate says more than a time.
    var bytesPerOperation: Int? { get }
    /// Does at least `count` operations and returns how many it did.
    func run(_ count: Int) -> Int
}
