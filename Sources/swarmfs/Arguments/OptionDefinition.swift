/// One option of a command, as the parser and the help page know it.
struct OptionDefinition {
    /// The name after `--`.
    let name: String
    /// The letter after `-`.
    var letter: Character?
    /// What the help page calls the value; nil for an option without one.
    var value: String?
    /// What it does; with the default where there is one.
    let help: String
    /// Internal: neither shown nor suggested.
    var isHidden = false

    /// Accepted by every command.
    static let common = [
        OptionDefinition(name: "help", letter: "h", help: "Show this page."),
        OptionDefinition(name: "version", letter: "V", help: "Show the version."),
    ]
}
