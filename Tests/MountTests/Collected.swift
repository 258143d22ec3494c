import Foundation

/// What several threads found.
final class Collected<Element: Sendable>: @unchecked Sendable {
    // Safe: `lock` guards `elements`.
    private let lock = NSLock()
    private var elements: [Element] = []

    var all: [Element] { lock.withLock { elements } }

    func add(_ element: Element) {
        lock.withLock { elements.append(element) }
    }
}
