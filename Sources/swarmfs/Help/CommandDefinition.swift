/// What a command accepts, and what its help page says.
struct CommandDefinition {
    /// A line of an example or a place: the text, and what it is.
    struct Entry {
        let text: String
        let meaning: String
    }

    let name: String
    /// One line for the list of commands.
    let summary: String
    /// What follows `swarmfs` on the first line.
    let synopsis: String
    /// Paragraphs.
    let description: [String]
    /// Words of the synopsis explained.
    var arguments: [Entry] = []
    let options: [OptionDefinition]
    let examples: [Entry]
    /// Files and directories it uses.
    var places: [Entry] = []
    let exitCodes: [ExitCode]
    /// Exit codes of a command whose numbers mean something else; shown instead of `exitCodes`.
    var ownExitCodes: [Entry] = []
}
