import FoundationEssentials

/// Prints what programs read.
enum JSONOutput {
    /// Indented JSON with sorted keys in snake_case, on standard output.
    static func print(_ value: some Encodable) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        guard let data = try? encoder.encode(value) else {
            preconditionFailure("reports hold only integers and strings, which always encode")
        }
        StandardStreams.print(String(decoding: data, as: UTF8.self))
    }
}
