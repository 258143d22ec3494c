import Reactor
import Testing
import TorrentCore

@Suite("Event loop")
struct EventLoopTests {
    /// Counts turns and messages, and echoes what it is told.
    private actor Driver: EventLoopDriver {
        private nonisolated let loop: EventLoop
        nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
        let mailbox: Mailbox<Int>
        let seen: Condition<[Int]>
        private var deadline: Timestamp?

        init(loop: EventLoop, mailbox: Mailbox<Int>, seen: Condition<[Int]>) {
            self.loop = loop
            self.mailbox = mailbox
            self.seen = seen
        }

        func turn(_ events: [ReadyEvent], now: Timestamp) -> Timestamp? {
            let messages = mailbox.take()
            if let due = deadline, now >= due {
                deadline = nil
                seen.update { $0.append(-1) }
            }
            if !messages.isEmpty { seen.update { $0 += messages } }
            return deadline
        }

        func wake(after interval: Interval) { deadline = .now() + interval }
        func isOnLoop() -> Bool { loop.isIsolatingCurrentContext() == true }
    }

    @Test func `messages of many threads all arrive, each thread's in order`() throws {
        let loop = try EventLoop(name: "test")
        let mailbox = Mailbox<Int>(loop: loop)
        let seen = Condition<[Int]>([])
        try loop.run(Driver(loop: loop, mailbox: mailbox, seen: seen))
        let threads = try (0..<4).map { thread in
            try Thread(name: "poster") {
                for index in 0..<1000 { mailbox.post(thread * 1000 + index) }
            }
        }
        for thread in threads { thread.join() }
        let all = seen.wait(until: .now() + .seconds(120)) { $0.count == 4000 ? $0 : nil }
        loop.stop()
        let messages = try #require(all)
        for thread in 0..<4 {
            let own = messages.filter { $0 / 1000 == thread }
            #expect(own == Array(thread * 1000..<thread * 1000 + 1000))
        }
    }

    @Test func `an actor's calls run on the loop, and its deadlines are kept`() async throws {
        let loop = try EventLoop(name: "test")
        let seen = Condition<[Int]>([])
        let driver = Driver(loop: loop, mailbox: Mailbox(loop: loop), seen: seen)
        try loop.run(driver)
        #expect(await driver.isOnLoop())
        await driver.wake(after: .milliseconds(5))
        let fired = seen.wait(until: .now() + .seconds(120)) { $0.contains(-1) ? true : nil }
        #expect(fired == true)
        loop.stop()
    }
}
