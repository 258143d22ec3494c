import Glibc

/// A failed system call.
package struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The call's error number.
    package let code: Int32
    /// What was being done, in a few words: `open <path>`, `bind 0.0.0.0:6881`.
    package let operation: String

    /// An error with a known number.
    package init(_ code: Int32, _ operation: String) {
        self.code = code
        self.operation = operation
    }

    /// The error of the call that just failed on this thread.
    package static func last(_ operation: String) -> SystemError { SystemError(errno, operation) }

    /// Another socket has the port.
    package var isAddressInUse: Bool { code == EADDRINUSE }

    /// The machine has no such address family, or no such address.
    package var isFamilyMissing: Bool { code == EAFNOSUPPORT || code == EADDRNOTAVAIL }

    /// The other side, or a firewall, did not want a connection; the network is there.
    package var isRefusal: Bool { code == ECONNREFUSED || code == EACCES || code == EPERM }

    /// The process or the system has no descriptor left.
    package var isDescriptorShortage: Bool { code == EMFILE || code == ENFILE }

    /// `operation: message`.
    package var description: String {
        "\(operation): \(String(cString: strerror(code)))"
    }
}
