import Glibc
import Reactor

/// A blocking socket that listens on loopback, for the servers that tests script.
enum LoopbackListener {
    /// The descriptor, which is the caller's to close, and the port: the one named, or one that the
    /// kernel chose.
    static func open(
        port: UInt16 = 0, isV6: Bool = false, listens: Bool = true
    ) throws(SystemError) -> (descriptor: Int32, port: UInt16) {
        var address = LoopbackAddress(port: port, isV6: isV6)
        let listener = socket(
            address.family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard listener >= 0 else { throw SystemError.last("socket") }
        let result = address.withPointer { pointer, length in
            guard bind(listener, pointer, length.pointee) == 0,
                !listens || listen(listener, 64) == 0
            else { return -1 }
            return getsockname(listener, pointer, length)
        }
        guard result == 0 else {
            defer { close(listener) }
            throw SystemError.last("bind")
        }
        return (listener, address.port)
    }
}
