import Glibc
import Reactor

/// A blocking socket that listens on loopback, for the servers that tests script.
enum LoopbackListener {
    /// The descriptor, which is the caller's to close, and the port that the kernel chose.
    static func open(
        listens: Bool = true
    ) throws(SystemError) -> (descriptor: Int32, port: UInt16) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard listener >= 0 else { throw SystemError.last("socket") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && (!listens || listen(listener, 64) == 0)
                    && getsockname(listener, $0, &length) == 0
            }
        }
        guard bound else {
            close(listener)
            throw SystemError.last("bind")
        }
        return (listener, UInt16(bigEndian: address.sin_port))
    }
}
