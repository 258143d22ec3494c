/// What a `DHTStateMachine` is told at its start.
package struct DHTConfiguration: Sendable {
    /// When to answer the questions of others (BEP 43).
    package enum Participation: Equatable, Sendable {
        /// When others reach us: see `DHTStateMachine`.
        case automatic
        /// Always.
        case serving
        /// Never.
        case readOnly
    }

    /// The DHTs to take part in.
    package var families: Set<AddressFamily> = [.v4, .v6]
    /// When to answer the questions of others.
    package var participation = Participation.automatic
    /// Most questions a second, on average and at once: a lookup takes some 30 in its first seconds.
    package var questionsPerSecond = 60.0
    /// Most bytes of answers a second, on average: several times what a node of the public DHT is asked
    /// for, and little beside the data that is served.
    package var answerBytesPerSecond = 32.0 * 1024

    /// The defaults.
    package init() {}
}
