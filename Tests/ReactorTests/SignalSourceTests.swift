import Glibc
import Reactor
import Testing

@Suite("Signals as data")
struct SignalSourceTests {
    @Test func `a blocked signal is read instead of ending the process`() throws {
        let source = try SignalSource([SIGUSR1])
        #expect(source.take() == nil)
        // To this thread, which blocks it; another one of the test process may not.
        pthread_kill(pthread_self(), SIGUSR1)
        #expect(source.take() == SIGUSR1)
        #expect(source.take() == nil)
    }

    @Test func `stop ends the watching thread`() throws {
        let source = try SignalSource([SIGUSR2])
        try source.watch { _ in }
        source.stop()
    }
}
