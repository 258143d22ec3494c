import Glibc

/// What the hot paths cost in this build: nanoseconds an operation, medians of several rounds.
/// `scripts/bench` runs it and prints what it says. With `allocations` it counts those of a block
/// instead, and fails where there are too many.
@main
struct Main {
    static func main() {
        if CommandLine.arguments.dropFirst().first == "allocations" {
            exit(AllocationCheck.run() ? EXIT_SUCCESS : EXIT_FAILURE)
        }
        let measurements: [any Measurement] = [
            BlockCycle(blocksPerPiece: 64), BlockCycle(blocksPerPiece: 1), ReceiveCycle(),
            HaveDecoding(), BlockDecoding(), Digesting(kind: .sha1), Digesting(kind: .sha256),
            Encrypting(),
        ]
        for measurement in measurements + [CachedReading()].compactMap(\.self) {
            print(Stopwatch.report(measurement))
        }
    }
}
