/// Renders help for a terminal of 80 columns.
struct HelpPage {
    private static let width = 80
    /// Where explanations begin, right of the options.
    private static let column = 26

    private var text = ""

    /// The page of one command.
    static func page(of command: CommandDefinition) -> String {
        var page = HelpPage()
        page.text += "Usage: swarmfs \(command.synopsis)\n"
        for paragraph in command.description {
            page.text += "\n"
            page.wrap(paragraph, indent: 0)
        }
        page.section("Arguments", command.arguments)
        page.section(
            "Options",
            (command.options + OptionDefinition.common).filter { !$0.isHidden }.map(entry))
        page.examples(command.examples)
        page.section("Files", command.places)
        if command.ownExitCodes.isEmpty {
            page.exitCodes(command.exitCodes)
        } else {
            page.section("Exit codes", command.ownExitCodes)
        }
        return page.text
    }

    /// The page of the program.
    static func overview(of commands: [CommandDefinition]) -> String {
        var page = HelpPage()
        page.text += "Usage: swarmfs COMMAND ...\n\n"
        page.wrap(
            """
            Mounts torrents as read-only directories. Files are read from the swarm on demand, \
            verified, and kept in a cache; what is cached is seeded while it is mounted.
            """, indent: 0)
        page.section(
            "Commands",
            commands.map { CommandDefinition.Entry(text: $0.name, meaning: $0.summary) })
        page.section("Options", OptionDefinition.common.map(entry))
        page.examples([
            .init(text: "swarmfs mount data.torrent /mnt/data", meaning: "mount a torrent"),
            .init(text: "swarmfs status", meaning: "see what it does"),
            .init(text: "swarmfs unmount /mnt/data", meaning: "end it, and the seeding with it"),
        ])
        page.exitCodes(ExitCode.allCases)
        page.text += "\nMore: swarmfs COMMAND --help\n"
        return page.text
    }

    private static func entry(_ option: OptionDefinition) -> CommandDefinition.Entry {
        let letter = option.letter.map { "-\($0), " } ?? ""
        let value = option.value.map { " \($0)" } ?? ""
        return .init(text: "\(letter)--\(option.name)\(value)", meaning: option.help)
    }

    private mutating func section(_ title: String, _ entries: [CommandDefinition.Entry]) {
        guard !entries.isEmpty else { return }
        text += "\n\(title):\n"
        for entry in entries {
            let head = "  " + entry.text
            if head.count > Self.column - 2 {
                text += head + "\n"
                wrap(entry.meaning, indent: Self.column)
            } else {
                let gap = String(repeating: " ", count: Self.column - head.count)
                wrap(entry.meaning, indent: Self.column, first: head + gap)
            }
        }
    }

    private mutating func examples(_ examples: [CommandDefinition.Entry]) {
        guard !examples.isEmpty else { return }
        text += "\nExamples:\n"
        for example in examples {
            text += "  # \(example.meaning)\n  \(example.text)\n"
        }
    }

    private mutating func exitCodes(_ codes: [ExitCode]) {
        text += "\nExit codes:\n"
        for code in codes { text += "  \(code.rawValue)  \(code.meaning)\n" }
    }

    /// Adds a paragraph in lines of at most `width`, the first one after `first`.
    private mutating func wrap(_ paragraph: String, indent: Int, first: String? = nil) {
        let margin = String(repeating: " ", count: indent)
        var line = first ?? margin
        var isEmpty = true
        for word in paragraph.split(separator: " ") {
            if !isEmpty, line.count + 1 + word.count > Self.width {
                text += line + "\n"
                line = margin
                isEmpty = true
            }
            line += (isEmpty ? "" : " ") + word
            isEmpty = false
        }
        text += line + "\n"
    }
}
