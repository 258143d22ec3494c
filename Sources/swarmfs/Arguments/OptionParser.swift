/// Takes a command line apart: `--name value`, `--name=value`, `-n value`, `-nvalue`, `-n=value`;
/// options and other arguments in any order; `--` ends the options.
struct OptionParser {
    private let command: String
    private let options: [OptionDefinition]

    init(_ definition: CommandDefinition) {
        command = definition.name
        options = definition.options + OptionDefinition.common
    }

    /// Parses what follows the command's name.
    func parse(_ arguments: [String]) throws(Failure) -> ParsedArguments {
        var parsed = ParsedArguments()
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--" {
                parsed.positionals += rest
                break
            } else if argument.hasPrefix("--") {
                try parseLong(argument.dropFirst(2), &rest, &parsed)
            } else if argument.hasPrefix("-"), argument != "-" {
                try parseShort(argument.dropFirst(), &rest, &parsed)
            } else {
                parsed.positionals.append(argument)
            }
        }
        return parsed
    }

    private func parseLong(
        _ text: Substring, _ rest: inout ArraySlice<String>, _ parsed: inout ParsedArguments
    ) throws(Failure) {
        let equals = text.firstIndex(of: "=")
        let name = String(text[..<(equals ?? text.endIndex)])
        guard let option = options.first(where: { $0.name == name }) else {
            throw unknown("--" + name)
        }
        let attached = equals.map { String(text[text.index(after: $0)...]) }
        try add(option, "--" + name, attached, &rest, &parsed)
    }

    private func parseShort(
        _ text: Substring, _ rest: inout ArraySlice<String>, _ parsed: inout ParsedArguments
    ) throws(Failure) {
        guard let letter = text.first, let option = options.first(where: { $0.letter == letter })
        else { throw unknown("-" + text.prefix(1)) }
        var attached = text.dropFirst()
        if option.value == nil, !attached.isEmpty, !attached.hasPrefix("=") {
            // `-hV`: letters without values can be joined.
            parsed.add(option.name, "")
            return try parseShort(attached, &rest, &parsed)
        }
        let hasValue = !attached.isEmpty
        if attached.hasPrefix("=") { attached = attached.dropFirst() }
        try add(option, "-\(letter)", hasValue ? String(attached) : nil, &rest, &parsed)
    }

    private func add(
        _ option: OptionDefinition, _ written: String, _ attached: String?,
        _ rest: inout ArraySlice<String>, _ parsed: inout ParsedArguments
    ) throws(Failure) {
        guard let placeholder = option.value else {
            guard attached == nil else {
                throw Failure(.usage, "\(written) takes no value", "write just \(written)")
            }
            return parsed.add(option.name, "")
        }
        if let value = attached ?? rest.popFirst() {
            parsed.add(option.name, value)
        } else {
            throw Failure(
                .usage, "\(written) needs a value", "write \(written) \(placeholder)")
        }
    }

    private func unknown(_ written: String) -> Failure {
        let known = options.filter { !$0.isHidden }.map { "--" + $0.name }
        let advice =
            Spelling.nearest(to: written, among: known).map { "did you mean \($0)?" }
            ?? "run `swarmfs \(command) --help` for the options"
        return Failure(.usage, "\(command) has no option \(written)", advice)
    }
}
