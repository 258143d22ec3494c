import Glibc

/// A file descriptor with one owner, closed when the owner lets go.
package struct OwnedDescriptor: ~Copyable, Sendable {
    /// The number, for system calls made while this value lives.
    package let rawValue: Int32

    /// Takes ownership of an open descriptor.
    package init(_ rawValue: Int32) { self.rawValue = rawValue }

    /// Takes the result of a system call: throws where it is negative.
    package init(_ result: Int32, _ operation: @autoclosure () -> String) throws(SystemError) {
        guard result >= 0 else { throw SystemError.last(operation()) }
        rawValue = result
    }

    /// Gives the number up without closing it.
    package consuming func release() -> Int32 {
        let number = rawValue
        discard self
        return number
    }

    deinit { close(rawValue) }
}
