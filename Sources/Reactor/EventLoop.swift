import CLinux
import Glibc
import Synchronization
import TorrentCore

/// One epoll thread that is also the serial executor of the actor it drives.
///
/// The loop enters its driver once per `epoll_wait` with `assumeIsolated`; below that all is
/// synchronous, and the compiler proves that nothing else touches the driver's state. Registering
/// descriptors and waking the loop are safe from any thread.
package final class EventLoop: SerialExecutor {
    /// How many events one `epoll_wait` takes: more than the sockets that are ready at once on a
    /// busy shard, few enough to keep a turn short.
    private static let eventsPerTurn = 256
    /// The wake-up descriptor's token; no driver may use it.
    private static let wakeToken = UInt64.max

    private let epoll: OwnedDescriptor
    private let wakeup: OwnedDescriptor
    private let name: String
    private struct Jobs: Sendable {
        var pending: [UnownedJob] = []
        /// Whether the thread has ended, and no other has been started for what came later.
        var isOver = false
    }

    private let jobs = Locked(Jobs())
    private let isStopping = Atomic(false)
    private let threadID = Atomic<UInt>(0)
    private let thread = Locked<Thread?>(nil)

    /// Opens the descriptors; the thread starts with `run`.
    package init(name: String) throws(SystemError) {
        self.name = name
        epoll = try OwnedDescriptor(epoll_create1(Int32(EPOLL_CLOEXEC)), "epoll_create1")
        wakeup = try OwnedDescriptor(
            eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)), "eventfd")
        try add(wakeup.rawValue, token: Self.wakeToken, interest: .read)
    }

    /// Starts the thread that drives `driver`, whose `unownedExecutor` must be this loop.
    package func run(_ driver: some EventLoopDriver) throws(SystemError) {
        let thread = try Thread(name: name) { [self] in
            threadID.store(UInt(pthread_self()), ordering: .releasing)
            loop(driver)
        }
        self.thread.withLock { $0 = thread }
    }

    /// Ends the loop after the turn under way and waits for its thread. Not from the loop itself.
    package func stop() {
        isStopping.store(true, ordering: .releasing)
        wake()
        thread.withLock { $0 }?.join()
    }

    /// Makes the loop take a turn soon; from any thread.
    package func wake() {
        var one: UInt64 = 1
        // A full counter means that a wake-up is pending already.
        _ = write(wakeup.rawValue, &one, 8)
    }

    // MARK: - Descriptors

    /// Begins to watch a descriptor.
    package func add(
        _ descriptor: Int32, token: UInt64, interest: EventInterest
    ) throws(SystemError) {
        try control(EPOLL_CTL_ADD, descriptor, token, interest)
    }

    /// Changes what is watched for.
    package func modify(
        _ descriptor: Int32, token: UInt64, interest: EventInterest
    ) throws(SystemError) {
        try control(EPOLL_CTL_MOD, descriptor, token, interest)
    }

    /// Stops watching; to be called before the descriptor is closed.
    package func remove(_ descriptor: Int32) {
        var unused = epoll_event()
        _ = epoll_ctl(epoll.rawValue, EPOLL_CTL_DEL, descriptor, &unused)
    }

    private func control(
        _ operation: Int32, _ descriptor: Int32, _ token: UInt64, _ interest: EventInterest
    ) throws(SystemError) {
        var events: UInt32 = 0
        if interest.contains(.read) { events |= EPOLLIN.rawValue | EPOLLRDHUP.rawValue }
        if interest.contains(.write) { events |= EPOLLOUT.rawValue }
        var event = swarmfs_epoll_event(events, token)
        guard epoll_ctl(epoll.rawValue, operation, descriptor, &event) == 0 else {
            throw SystemError.last("epoll_ctl")
        }
    }

    // MARK: - SerialExecutor

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let (wasEmpty, isOver) = jobs.withLock { jobs in
            jobs.pending.append(job)
            defer { jobs.isOver = false }
            return (jobs.pending.count == 1, jobs.isOver)
        }
        if isOver {
            runLateJobs()
        } else if wasEmpty {
            wake()
        }
    }

    package func checkIsolated() {
        precondition(isCurrent, "\(name): not on the loop's thread")
    }

    package func isIsolatingCurrentContext() -> Bool? { isCurrent }

    private var isCurrent: Bool { threadID.load(ordering: .acquiring) == UInt(pthread_self()) }

    // MARK: - The thread

    private func loop(_ driver: some EventLoopDriver) {
        var buffer = [epoll_event](repeating: epoll_event(), count: Self.eventsPerTurn)
        var ready: [ReadyEvent] = []
        var deadline: Timestamp? = .now()
        while !isStopping.load(ordering: .acquiring) {
            let count = epoll_wait(
                epoll.rawValue, &buffer, Int32(Self.eventsPerTurn), Self.timeout(until: deadline))
            ready.removeAll(keepingCapacity: true)
            for index in 0..<Int(max(0, count)) {
                let event = ReadyEvent(buffer[index])
                if event.token == Self.wakeToken { drainWakeup() } else { ready.append(event) }
            }
            runJobs()
            deadline = driver.assumeIsolated { [ready] in $0.turn(ready, now: .now()) }
        }
        runLastJobs()
    }

    private func runJobs() {
        let pending = jobs.withLock { jobs in
            defer { jobs.pending.removeAll(keepingCapacity: true) }
            return jobs.pending
        }
        for job in pending { job.runSynchronously(on: asUnownedSerialExecutor()) }
    }

    /// Runs jobs until there are none, and leaves the rest to `runLateJobs`.
    private func runLastJobs() {
        while true {
            let pending = jobs.withLock { jobs in
                defer { jobs.pending = [] }
                jobs.isOver = jobs.pending.isEmpty
                return jobs.pending
            }
            guard !pending.isEmpty else { return }
            for job in pending { job.runSynchronously(on: asUnownedSerialExecutor()) }
        }
    }

    /// A call into the actor after the end must return, or its caller would wait for ever; rare
    /// enough for a thread of its own. One runs at a time.
    private func runLateJobs() {
        let run: @Sendable () -> Void = { [self] in
            threadID.store(UInt(pthread_self()), ordering: .releasing)
            runLastJobs()
        }
        do throws(SystemError) { _ = try Thread(name: name, body: run) } catch { run() }
    }

    private func drainWakeup() {
        var count: UInt64 = 0
        _ = read(wakeup.rawValue, &count, 8)
    }

    private static func timeout(until deadline: Timestamp?) -> Int32 {
        guard let deadline else { return -1 }
        let left = (deadline - .now()).millisecondsRoundedUp
        return Int32(clamping: max(0, left))
    }
}
