import CLinux
import Glibc

/// A second descriptor of an open file, for writing past the page cache. Whoever holds it is the only
/// one to use it.
enum DirectDescriptor: Sendable {
    case unopened
    case open(Int32)
    /// The filesystem does not write so.
    case refused

    /// The descriptor, opened where it is not; nil where there is none to be had.
    mutating func get(of file: Int32, _ budget: OpenFileBudget) -> Int32? {
        if case .unopened = self {
            let descriptor = swarmfs_open_direct(file)
            self = descriptor >= 0 ? .open(descriptor) : .refused
            if descriptor >= 0 { budget.opened() }
        }
        if case .open(let descriptor) = self { return descriptor }
        return nil
    }

    /// Closes it, if it is open.
    mutating func close(_ budget: OpenFileBudget) {
        guard case .open(let descriptor) = self else { return }
        Glibc.close(descriptor)
        budget.closed()
        self = .unopened
    }

    /// Never again for this file.
    mutating func refuse(_ budget: OpenFileBudget) {
        close(budget)
        self = .refused
    }
}
