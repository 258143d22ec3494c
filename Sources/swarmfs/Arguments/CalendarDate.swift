/// Dates of the command line, in UTC.
enum CalendarDate {
    /// Seconds since 1970 of `2026-01-31` or `2026-01-31T12:00:00Z`; nil where it is neither, or
    /// no such day exists, or it is before 1970.
    static func seconds(_ text: String) -> Int64? {
        let halves = text.split(separator: "T", omittingEmptySubsequences: false)
        guard halves.count <= 2, let first = halves.first,
            let date = numbers(first, "-", [4, 2, 2]), date[0] >= 1970,
            (1...12).contains(date[1]), (1...days(month: date[1], year: date[0])).contains(date[2])
        else { return nil }
        let earlierYears = (1970..<date[0]).reduce(0) { $0 + (isLeap($1) ? 366 : 365) }
        let earlierMonths = (1..<date[1]).reduce(0) { $0 + days(month: $1, year: date[0]) }
        let midnight = Int64(earlierYears + earlierMonths + date[2] - 1) * 86_400
        guard halves.count == 2 else { return midnight }
        guard halves[1].hasSuffix("Z"), let time = numbers(halves[1].dropLast(), ":", [2, 2, 2]),
            time[0] < 24, time[1] < 60, time[2] < 60
        else { return nil }
        return midnight + Int64(time[0] * 3600 + time[1] * 60 + time[2])
    }

    /// Numbers of exactly these counts of digits.
    private static func numbers(
        _ text: Substring, _ separator: Character, _ digits: [Int]
    ) -> [Int]? {
        let parts = text.split(separator: separator, omittingEmptySubsequences: false)
        guard parts.count == digits.count else { return nil }
        var result: [Int] = []
        for (part, count) in zip(parts, digits) {
            guard part.utf8.count == count, part.utf8.allSatisfy({ (48...57).contains($0) }),
                let number = Int(part)
            else { return nil }
            result.append(number)
        }
        return result
    }

    private static func days(month: Int, year: Int) -> Int {
        if month == 2 { return isLeap(year) ? 29 : 28 }
        return [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    private static func isLeap(_ year: Int) -> Bool {
        year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
    }
}
