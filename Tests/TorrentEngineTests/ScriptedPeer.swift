import Glibc
import PeerProtocol
import Reactor
import TorrentCore

/// A listening peer whose every connection runs a test's script, on a thread of its own.
final class ScriptedPeer: Sendable {
    let port: UInt16
    private let listener: Int32
    private let ended = Condition(0)

    /// `script` is given the connection and its number, from 0. A `port` of 0 lets the kernel choose.
    init(
        port: UInt16 = 0, isV6: Bool = false,
        _ script: @escaping @Sendable (Wire, Int) throws -> Void
    ) throws {
        let (listener, port) = try LoopbackListener.open(port: port, isV6: isV6)
        self.port = port
        self.listener = listener
        let ended = ended
        _ = try Thread(name: "test-peer") {
            var count = 0
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else {
                    close(listener)
                    return
                }
                let number = count
                count += 1
                _ = try? Thread(name: "test-peer") {
                    try? script(Wire(descriptor), number)
                    ended.update { $0 += 1 }
                }
            }
        }
    }

    /// Ends the accepting thread, which closes the listener.
    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    /// Whether `count` connections have come to their end.
    func haveEnded(_ count: Int) async throws -> Bool {
        try await blocking { [ended] in
            ended.wait(until: .later) { $0 >= count ? true : nil } ?? false
        }
    }
}
