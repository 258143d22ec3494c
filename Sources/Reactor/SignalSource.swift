import CLinux
import Glibc

/// Signals as data: they are blocked in every thread and read from a `signalfd`.
///
/// Make it on the main thread before any other thread starts, since threads inherit the mask.
package final class SignalSource: Sendable {
    /// What ends the process: SIGTERM, SIGINT (Ctrl-C) and SIGHUP (the terminal is gone).
    package static let ending: [Int32] = [SIGTERM, SIGINT, SIGHUP]

    private let signals: OwnedDescriptor
    private let wakeup: OwnedDescriptor
    private let thread = Locked<Thread?>(nil)

    /// Blocks `numbers` and opens the descriptor; nothing is read until `take` or `watch`.
    package init(_ numbers: [Int32] = SignalSource.ending) throws(SystemError) {
        var set = sigset_t()
        sigemptyset(&set)
        for number in numbers { sigaddset(&set, number) }
        let result = pthread_sigmask(SIG_BLOCK, &set, nil)
        guard result == 0 else { throw SystemError(result, "block signals") }
        signals = try OwnedDescriptor(
            signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK)), "signalfd")
        wakeup = try OwnedDescriptor(
            eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)), "eventfd")
    }

    /// Makes writes to a closed pipe or socket fail with EPIPE instead of ending the process.
    package static func ignoreBrokenPipes() {
        signal(SIGPIPE, SIG_IGN)
    }

    /// Readable when a signal is pending; for a caller that polls it beside other descriptors.
    package var descriptor: Int32 { signals.rawValue }

    /// The number of a pending signal, nil where none is; does not wait.
    package func take() -> Int32? {
        var information = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        guard read(signals.rawValue, &information, size) == size else { return nil }
        return Int32(bitPattern: information.ssi_signo)
    }

    /// Starts a thread that calls `handler` with each signal and keeps this object alive until
    /// `stop`. Once only.
    package func watch(_ handler: @escaping @Sendable (Int32) -> Void) throws(SystemError) {
        let thread = try Thread(name: "signals") { [self] in
            var polled = [
                pollfd(fd: signals.rawValue, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wakeup.rawValue, events: Int16(POLLIN), revents: 0),
            ]
            while polled[1].revents == 0 {
                while let number = take() { handler(number) }
                _ = poll(&polled, 2, -1)
            }
        }
        self.thread.withLock { $0 = thread }
    }

    /// Ends the thread; signals stay blocked. Not from the handler.
    package func stop() {
        var one: UInt64 = 1
        _ = write(wakeup.rawValue, &one, 8)
        thread.withLock { $0 }?.join()
    }
}
