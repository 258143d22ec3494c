import Glibc
import Reactor

/// The command `swarmfs`: finds the subcommand, runs it, and turns its failure into one line and
/// an exit code.
@main
struct Main {
    private static var commands: [any Command.Type] {
        [
            MountCommand.self, UnmountCommand.self, StatusCommand.self, CreateCommand.self,
            SeedCommand.self, CacheCommand.self, VerifyCommand.self,
            LimitCommand.self, PrefetchCommand.self, PinCommand.self, UnpinCommand.self,
            ImportCommand.self,
        ]
    }

    static func main() {
        StandardStreams.ensureOpen()
        SignalSource.ignoreBrokenPipes()
        // Commands end with one line; whatever serves peers sets the log that the user asked for.
        Log.configure(level: .error)
        do throws(Failure) {
            try run(Array(CommandLine.arguments.dropFirst()))
        } catch {
            error.report()
            exit(error.code.rawValue)
        }
        exit(ExitCode.done.rawValue)
    }

    private static func run(_ arguments: [String]) throws(Failure) {
        guard let first = arguments.first else {
            throw Failure(.usage, "no command was given", "run `swarmfs --help` for the commands")
        }
        let rest = Array(arguments.dropFirst())
        switch first {
        case "--version", "-V", "version": return printVersion()
        case "--help", "-h": return printOverview()
        case "help":
            guard let name = rest.first else { return printOverview() }
            return printPage(of: try command(name))
        default: break
        }
        let command = try command(first)
        // Help is wanted even where the rest of the line is wrong.
        let beforeEnd = rest.prefix { $0 != "--" }
        if beforeEnd.contains("--help") || beforeEnd.contains("-h") {
            return printPage(of: command)
        }
        do throws(Failure) {
            let parsed = try OptionParser(command.definition).parse(rest)
            if parsed.has("version") { return printVersion() }
            try command.run(parsed)
        } catch {
            error.report()
            exit(command.exitStatus(of: error.code))
        }
    }

    private static func command(_ name: String) throws(Failure) -> any Command.Type {
        if let command = commands.first(where: { $0.definition.name == name }) { return command }
        let names = commands.map { $0.definition.name }
        let advice =
            Spelling.nearest(to: name, among: names).map { "did you mean `swarmfs \($0)`?" }
            ?? "run `swarmfs --help` for the commands"
        let kind = name.hasPrefix("-") ? "option" : "command"
        throw Failure(.usage, "there is no \(kind) \(name)", advice)
    }

    private static func printVersion() { StandardStreams.print("swarmfs \(Version.current)") }

    private static func printPage(of command: any Command.Type) {
        StandardStreams.write(HelpPage.page(of: command.definition), to: STDOUT_FILENO)
    }

    private static func printOverview() {
        StandardStreams.write(
            HelpPage.overview(of: commands.map { $0.definition }), to: STDOUT_FILENO)
    }
}
