/// A command line taken apart: what was given, not yet what it means.
struct ParsedArguments {
    /// Whatever is no option, in order.
    var positionals: [String] = []
    private var values: [String: [String]] = [:]

    /// Adds an option; one without a value counts as given.
    mutating func add(_ name: String, _ value: String) { values[name, default: []].append(value) }

    /// Whether an option was given.
    func has(_ name: String) -> Bool { values[name] != nil }

    /// The values of a repeatable option, in order.
    func all(_ name: String) -> [String] { values[name] ?? [] }

    /// The value of an option that counts once: the last one, so that an alias can be overruled.
    func last(_ name: String) -> String? { values[name]?.last }

    /// The value of an option, converted; nil where it was not given.
    func last<Value>(
        _ name: String, _ convert: (String, String) throws(Failure) -> Value
    ) throws(Failure) -> Value? {
        guard let text = last(name) else { return nil }
        return try convert("--\(name)", text)
    }

    /// The values of a repeatable option, converted.
    func all<Value>(
        _ name: String, _ convert: (String, String) throws(Failure) -> Value
    ) throws(Failure) -> [Value] {
        var result: [Value] = []
        for text in all(name) { result.append(try convert("--\(name)", text)) }
        return result
    }
}
