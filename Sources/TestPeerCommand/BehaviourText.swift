import TestPeer
import TorrentCore

/// A behaviour on the command line: `delay=50,rate=5000000,stall=5@10,choke=1/3`.
enum BehaviourText {
    /// Changes `behaviour` as `text` says.
    static func apply(_ text: String, to behaviour: inout TestPeerBehaviour) throws(UsageError) {
        for entry in text.split(separator: ",") {
            let parts = entry.split(separator: "=", maxSplits: 1)
            let value = parts.count == 2 ? parts[1] : ""
            switch parts[0] {
            case "delay": behaviour.delay = .seconds(try number(value) / 1000)
            case "rate": behaviour.rate = try number(value)
            case "stall": behaviour.stall = try trouble(value)
            case "choke": behaviour.choke = try trouble(value)
            case "death": behaviour.death = try point(value)
            case "reqq": behaviour.requestLimit = Int(try number(value))
            case "unchoke" where value == "never": behaviour.unchokes = false
            default: throw UsageError("unknown behaviour \(entry)")
            }
        }
    }

    /// `5@10`, `5@20000000B` or `5/15`.
    private static func trouble(
        _ text: Substring
    ) throws(UsageError) -> TestPeerBehaviour.Trouble {
        guard let separator = text.firstIndex(where: { $0 == "@" || $0 == "/" }) else {
            throw UsageError("\(text) tells no start: write LENGTH@START or LENGTH/PERIOD")
        }
        let rest = text[text.index(after: separator)...]
        return TestPeerBehaviour.Trouble(
            length: .seconds(try number(text[..<separator])),
            start: text[separator] == "/" ? .every(.seconds(try number(rest))) : try point(rest))
    }

    private static func point(_ text: Substring) throws(UsageError) -> TroublePoint {
        if text.last == "B" { return .bytes(Int(try number(text.dropLast()))) }
        return .after(.seconds(try number(text)))
    }

    /// Not negative, and small enough for any unit.
    private static func number(_ text: Substring) throws(UsageError) -> Double {
        guard let number = Double(text), number >= 0, number <= 1e15 else {
            throw UsageError("\(text) is no number")
        }
        return number
    }
}
