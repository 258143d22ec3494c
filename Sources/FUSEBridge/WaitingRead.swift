import PieceStorage
import TorrentCore
import TorrentTree

/// A READ whose data is not there yet, with what is needed to answer it later.
///
/// Safe to send: whoever has taken it out of `WaitingReads` is alone with it, and while it is in
/// there, its variables are touched only under that table's lock.
final class WaitingRead: @unchecked Sendable {
    /// What is to happen at `deadline`.
    enum Expiry {
        /// It is failed once, so that the kernel asks again in a way that signals can end.
        case grace
        /// It is given up.
        case timeout
    }

    /// How far the kernel's message that the reader has a signal has been dealt with.
    enum Interruption {
        case none
        /// To be looked at; how often that was tried.
        case reported(tries: Int)
        /// The reader is in a page fault, which only a fatal signal may end.
        case fatalOnly
    }

    private var request: ReadRequest?
    let node: NodeID
    let torrent: Int
    let file: FileIndex
    let bytes: Range<Int64>
    /// Opened with O_DIRECT: no page cache is between the program and us.
    let isDirect: Bool
    let thread: Int32
    /// When the program's read began.
    let asked: Timestamp
    let expiry: Expiry
    let deadline: Timestamp

    /// What is waited for.
    var pieces = PieceIndex(0)..<PieceIndex(0)
    /// The wait, once it is known; until then whoever wants to answer leaves a note below.
    var wait: ReadID?
    var hasArrived = false
    var interruption = Interruption.none

    init(
        _ request: consuming ReadRequest, node: NodeID, torrent: Int, file: FileIndex,
        bytes: Range<Int64>, isDirect: Bool, asked: Timestamp, expiry: Expiry,
        deadline: Timestamp
    ) {
        thread = request.thread
        self.request = consume request
        self.node = node
        self.torrent = torrent
        self.file = file
        self.bytes = bytes
        self.isDirect = isDirect
        self.asked = asked
        self.expiry = expiry
        self.deadline = deadline
    }

    /// Answers with data in parts.
    func reply(_ parts: [UnsafeRawBufferPointer]) { request.take()?.reply(parts) }

    /// Answers with an error number.
    func fail(_ code: Int32) { request.take()?.fail(code) }

    /// See `ReadRequest.onInterrupt`.
    func onInterrupt(
        _ function: @escaping @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Void,
        key: UInt64
    ) {
        request?.onInterrupt(function, key: key)
    }

    /// Whether a signal is to end the read now; looks at the reader where that must be known.
    func isInterrupted() -> Bool {
        switch interruption {
        case .none: return false
        case .reported(let tries):
            if isDirect || FaultProbe.isDying(thread) { return true }
            switch FaultProbe.activity(of: thread) {
            case .reading: return true
            case .faulting: interruption = .fatalOnly
            case .running:
                guard tries < Self.probeLimit else { return true }
                interruption = .reported(tries: tries + 1)
            }
            return false
        case .fatalOnly: return FaultProbe.isDying(thread)
        }
    }

    /// After which time to ask `isInterrupted` again; nil for never.
    var recheckTime: Interval? {
        switch interruption {
        case .none: nil
        case .reported: .milliseconds(2)
        // The kernel tells of the first signal only: a later, fatal one must be looked for. Quick
        // enough for whoever presses Ctrl-C, and one small file read.
        case .fatalOnly: .milliseconds(100)
        }
    }

    /// How often a reader may be found running, which it is for microseconds at a time.
    private static let probeLimit = 20
}
