/// One of the words after `swarmfs`.
protocol Command {
    /// What it accepts, and its help.
    static var definition: CommandDefinition { get }
    /// Does it. Arguments are parsed, their meaning is not checked yet.
    static func run(_ arguments: ParsedArguments) throws(Failure)
    /// How the process ends where the command fails so.
    static func exitStatus(of code: ExitCode) -> Int32
}

extension Command {
    /// Most commands share one set of numbers.
    static func exitStatus(of code: ExitCode) -> Int32 { code.rawValue }

    /// Fails where there are more or fewer arguments than `range` says.
    static func expect(
        _ arguments: ParsedArguments, _ range: ClosedRange<Int>, _ needs: String
    ) throws(Failure) {
        let count = arguments.positionals.count
        let help = "run `swarmfs \(definition.name) --help` for examples"
        if count < range.lowerBound {
            throw Failure(.usage, "\(definition.name) needs \(needs)", help)
        }
        if count > range.upperBound {
            throw Failure(
                .usage,
                "\(definition.name) does not expect \(arguments.positionals[range.upperBound])",
                help)
        }
    }
}
