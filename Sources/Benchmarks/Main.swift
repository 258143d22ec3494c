/// What the hot paths cost in this build: nanoseconds an operation, medians of several rounds.
/// `scripts/bench` runs it and prints what it says.
@main
struct Main {
    static func main() {
        let measurements: [any Measurement] = [
            BlockCycle(blocksPerPiece: 64), BlockCycle(blocksPerPiece: 1), HaveDecoding(),
            BlockDecoding(), Digesting(kind: .sha1), Digesting(kind: .sha256),
        ]
        for measurement in measurements { print(Stopwatch.report(measurement)) }
    }
}
