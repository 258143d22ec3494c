/// Aligned columns for people.
struct TextTable {
    private let titles: [String]
    private let leftColumns: Set<Int>
    private var rows: [[String]] = []

    /// Numbers stand to the right; `left` are the columns of words.
    init(_ titles: [String], left: Set<Int>) {
        self.titles = titles
        leftColumns = left
    }

    /// Adds a row with as many cells as there are titles; control characters are replaced.
    mutating func add(_ cells: [String]) { rows.append(cells.map(Failure.printable)) }

    /// The titles and all rows, a line each.
    var text: String {
        let lines = [titles] + rows
        let widths = titles.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        var text = ""
        for line in lines {
            var cells: [String] = []
            for (column, cell) in line.enumerated() {
                let gap = String(repeating: " ", count: widths[column] - cell.count)
                let isLast = column == titles.count - 1
                cells.append(leftColumns.contains(column) ? cell + (isLast ? "" : gap) : gap + cell)
            }
            text += "  " + cells.joined(separator: "  ") + "\n"
        }
        return text
    }
}
