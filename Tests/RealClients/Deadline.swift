import Foundation

/// A point in time by which something awaited must have happened.
///
/// Tests wait for events; the deadline only turns a hang into a failure, so it is generous: two
/// cores are shared by the test, the program under test and the other side's client.
package struct Deadline: Sendable {
    /// Seconds that suffice for everything but transfers paced by a client.
    package static let generous: Double = 60

    private let end: ContinuousClock.Instant

    /// A deadline so many seconds from now.
    package init(seconds: Double = Deadline.generous) {
        end = ContinuousClock.now.advanced(by: .seconds(seconds))
    }

    /// Whether it is over.
    package var hasPassed: Bool { ContinuousClock.now >= end }

    /// What is left, as the date that `NSCondition` waits until.
    var date: Date {
        let left = ContinuousClock.now.duration(to: end)
        return Date(timeIntervalSinceNow: max(0, left / .seconds(1)))
    }

    /// Asks `condition` again and again until it holds: for what can only be looked at, such as
    /// another program's state. What can announce itself (a line, an end) is waited for instead.
    package func wait(
        for what: @autoclosure () -> String, until condition: () throws -> Bool
    ) throws {
        while try !condition() {
            if hasPassed { throw RealClientError("gave up waiting for \(what())") }
            usleep(20_000)
        }
    }
}
