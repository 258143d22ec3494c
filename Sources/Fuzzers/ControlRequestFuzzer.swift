import ControlAPI

/// Feeds the control socket's request parser.
enum ControlRequestFuzzer {
    static func run(_ bytes: Span<UInt8>) {
        _ = try? ControlRequest(parsing: bytes)
    }
}
