/// Guesses what a mistyped word was meant to be.
enum Spelling {
    /// Longer words are not compared: nobody types them by mistake, and the cost is quadratic.
    private static let lengthLimit = 64

    /// The candidate with the fewest edits, where they are few for the word's length.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        guard word.count <= lengthLimit else { return nil }
        let letters = word.count { $0 != "-" }
        let ranked = candidates.map { (candidate: $0, distance: distance(word, $0)) }
        // Letters are forgotten more often than added: of equals the longer one was meant.
        let order = ranked.sorted {
            ($0.distance, -$0.candidate.count) < ($1.distance, -$1.candidate.count)
        }
        guard let best = order.first,
            best.distance <= max(1, letters / 3)
        else {
            // A word cut short is a guess as good, where only one fits.
            let longer = candidates.filter { letters >= 2 && $0.hasPrefix(word) }
            return longer.count == 1 ? longer.first : nil
        }
        return best.candidate
    }

    /// The number of letters to insert, remove, replace or swap with the next one.
    static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left)
        let right = Array(right)
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in left.indices {
            var current = [row + 1]
            for column in right.indices {
                let isSame = left[row] == right[column]
                var best = min(
                    last[column] + (isSame ? 0 : 1), last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1],
                    left[row - 1] == right[column]
                {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                current.append(best)
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }
}
