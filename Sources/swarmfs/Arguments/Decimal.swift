/// Numbers with a fixed count of decimals.
enum Decimal {
    /// `value` rounded to `digits` (at most 3) decimals; for values far below 10^15.
    static func text(_ value: Double, digits: Int) -> String {
        let scale = [1, 10, 100, 1000][min(3, max(0, digits))]
        guard let scaled = Int(exactly: (value * Double(scale)).rounded()) else { return "?" }
        guard digits > 0 else { return String(scaled) }
        let fraction = String(abs(scaled) % scale)
        let sign = scaled < 0 ? "-" : ""
        return sign + String(abs(scaled) / scale) + "."
            + String(repeating: "0", count: digits - fraction.count) + fraction
    }
}
