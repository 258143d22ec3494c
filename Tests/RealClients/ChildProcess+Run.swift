extension ChildProcess {
    /// Runs a program to its end.
    @discardableResult
    package static func run(
        _ arguments: [String], environment: [String: String] = [:], folder: String? = nil,
        endsWithTest: Bool = true, seconds: Double = Deadline.generous
    ) throws -> Result {
        let child = try ChildProcess(
            arguments, environment: environment, folder: folder, endsWithTest: endsWithTest)
        return try child.wait(seconds: seconds)
    }

    /// Runs a program that must succeed, and returns its standard output.
    @discardableResult
    package static func output(
        of arguments: [String], environment: [String: String] = [:], folder: String? = nil,
        seconds: Double = Deadline.generous
    ) throws -> String {
        let result = try run(
            arguments, environment: environment, folder: folder, seconds: seconds)
        guard result.exitCode == 0 else {
            throw RealClientError(
                "\(arguments.joined(separator: " ")): \(result.ending)\n"
                    + result.output + result.errors)
        }
        return result.output
    }
}
