import CAllocations

/// Counts what a block costs in heap allocations on its way in, and holds it to a limit.
///
/// Only an optimised build counts: in a debug build generic code and closures allocate by
/// themselves. The count is that of the thread which runs the state machines, over the same blocks in the same
/// turns each time: it depends on the build alone, never on the machine's speed or load. What a turn
/// or a piece allocates is part of it, shared by its blocks.
enum AllocationCheck {
    /// Three a piece of 64 blocks: what a piece needs, and nothing for a block.
    private static let limit = 0.05
    private static let blocks = 16 * 64 * 64

    /// Prints the count; whether it keeps to the limit.
    static func run() -> Bool {
        let cycle = ReceiveCycle()
        let count = cycle.allocationsPerBlock(blocks, counter: { swarmfs_allocation_count() })
        let thousandths = Int((count * 1000).rounded(.up))
        let isKept = count <= limit
        print(
            "\(cycle.name): \(Double(thousandths) / 1000) allocations, at most \(limit): "
                + (isKept ? "kept" : "EXCEEDED"))
        return isKept
    }
}
