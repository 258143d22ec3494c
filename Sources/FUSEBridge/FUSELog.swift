import CFUSE
import Reactor

/// libfuse's own messages: kept from the terminal, as ours say what to do.
enum FUSELog {
    /// The last message, for an error that has no better words.
    static let last = Locked<String?>(nil)

    /// Takes the messages over, for the whole process.
    static func takeOver() { swarmfs_route_fuse_log() }
}

@_cdecl("swarmfs_fuse_message")
func fuseMessage(_ level: Int32, _ text: UnsafePointer<CChar>?) {
    guard let text else { return }
    var message = String(cString: text)
    while message.last?.isNewline == true { message.removeLast() }
    Log.debug("libfuse: \(message)")
    FUSELog.last.withLock { $0 = message }
}
