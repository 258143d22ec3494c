import CLinux
import Glibc
package import PieceStorage
package import Reactor
import Synchronization
import TorrentCore
package import TorrentTree

/// Torrents mounted as directories: answers what the kernel asks through libfuse's low-level
/// interface. One value serves one mount.
///
/// Threads: `workerCount` take requests from the kernel and answer them; one supervisor ends reads
/// that wait too long, notices that the mount is gone, and winds everything up. No thread ever
/// waits for the swarm.
///
/// What the kernel may keep: names, absent names, links, directory contents and file data for ever
/// (a day, with `keep_cache`), as a torrent never changes. Attributes also, but for a file that is
/// not fully cached: those for a second, as `st_blocks` grows with what is cached, or for half a
/// minute while nothing is cached of it and nobody has it open.
///
/// Complete files are opened in passthrough where that is possible (`Passthrough`).
package final class MountedFileSystem: Sendable {
    /// More threads than cores, as a read of the cache file may wait for the disk; a read that waits
    /// for the swarm takes none.
    private static let workerCount = 8
    /// How long the kernel gets to settle the protocol with us after mounting.
    private static let startTime = Interval.seconds(10)
    /// How long the threads and the answers under way get to end.
    private static let stopTime = Interval.seconds(1)
    /// How long `unmount` waits for the end at most, with all that can take its time in it.
    private static let endTime = Interval.seconds(4)

    let tree: DirectoryTree
    let contents: [any FileReading]
    let options: MountOptions
    /// The option, or less where the kernel sets a limit.
    let readTimeout: Interval
    /// Who mounts, whom everything belongs to.
    let owner: (user: uid_t, group: gid_t) = (geteuid(), getegid())
    let inodes = InodeStates()
    let passthrough = Passthrough()
    let waiting = WaitingReads()
    let lingering = LingeringWaits()
    let lifecycle = Condition(MountLifecycle())
    let supervisor: Supervisor
    let nextHandle = Atomic<UInt64>(0)
    /// /dev/fuse, for messages of the worker threads, which never wait; -1 before the mount.
    let device = Atomic<Int32>(-1)
    /// From the mount to its end; other threads hold it while they use it, and may wait for workers.
    let session = Locked<MountSession?>(nil)
    /// Becomes readable when the workers must end.
    private let stop: OwnedDescriptor

    /// A file system of `tree`; `contents` holds the storage of each of its torrents, in order.
    package init(
        tree: DirectoryTree, contents: [any FileReading], options: MountOptions = MountOptions()
    ) throws(SystemError) {
        precondition(contents.count == tree.torrents.count, "each torrent has its storage")
        self.tree = tree
        self.contents = contents
        self.options = options
        readTimeout = KernelSettings.readTimeout(wanted: options.readTimeout)
        supervisor = try Supervisor()
        stop = try OwnedDescriptor(eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)), "eventfd")
    }

    /// How many reads of programs wait for data.
    package var waitingReadCount: Int { waiting.count }

    /// How reads of complete files are answered; known once `mount` has returned.
    package var passthroughState: PassthroughState {
        guard options.allowsPassthrough else { return .off }
        if passthrough.isAvailable { return .on }
        return passthrough.isOffered ? .notPermitted : .unsupported
    }

    /// Mounts at a directory and returns when the mount answers; to be called once. A dead mount of
    /// swarmfs that is there already is replaced. `onEnd` is called once, on a thread of ours, when
    /// the mount has ended, whoever ended it; by then no read waits and nothing is read any more.
    package func mount(
        at path: String, onEnd: @escaping @Sendable (MountEnd) -> Void
    ) throws(MountError) {
        let isFirst = lifecycle.update { life in
            defer { if life.stage == .new { life.stage = .mounting } }
            return life.stage == .new
        }
        precondition(isFirst, "a file system is mounted once")
        let mountpoint = try MountPreparation.prepare(path, options)
        // Released by the supervisor at the end of the mount.
        let context = Unmanaged.passRetained(self)
        let session: MountSession
        do {
            session = try MountSession.mount(at: mountpoint, options, context: context.toOpaque())
        } catch {
            context.release()
            throw error
        }
        device.store(session.descriptor, ordering: .relaxed)
        self.session.withLock { $0 = session }
        do {
            try start(session, onEnd: onEnd)
        } catch {
            self.session.withLock { $0 = nil }
            session.unmount()
            throw .system(error)
        }
        let limit = Timestamp.now() + Self.startTime
        let isReady =
            lifecycle.wait(until: limit) { $0.isInitialised || $0.stage == .ended ? true : nil }
            != nil
        guard isReady, StaleMount.health(of: mountpoint) == .alive else {
            unmount()
            throw .noAnswer(mountpoint)
        }
        // The kernel has read our side of the protocol by now, which sets the readahead as well.
        if let device = session.device { KernelSettings.raiseReadahead(device: device) }
        if options.allowsPassthrough { passthrough.start(session.descriptor) }
        lifecycle.update { if $0.stage == .mounting { $0.stage = .mounted } }
    }

    /// Fails all reads that wait, unmounts even while files are open, and returns when the mount has
    /// ended, at the latest after `endTime`; `onEnd` is called about then. From any thread, also from
    /// `onEnd`; more calls do nothing.
    package func unmount() {
        let isNeeded = lifecycle.update { life in
            life.isStopRequested = true
            return life.stage != .new && life.stage != .ended
        }
        guard isNeeded else { return }
        supervisor.wake()
        _ = lifecycle.wait(until: .now() + Self.endTime) { $0.stage == .ended ? true : nil }
    }

    // MARK: - Threads

    private func start(
        _ session: MountSession, onEnd: @escaping @Sendable (MountEnd) -> Void
    ) throws(SystemError) {
        // Set first: the supervisor takes zero workers for the end.
        lifecycle.update { $0.workers = Self.workerCount }
        var started = 0
        let polling = BusyPolling()
        do {
            for number in 0..<Self.workerCount {
                _ = try Thread(name: "fuse-\(number)") { [self] in
                    session.work(until: stop.rawValue, polling)
                    lifecycle.update { $0.workers -= 1 }
                    supervisor.wake()
                }
                started += 1
            }
            _ = try Thread(name: "fuse-supervisor") { [self] in
                supervise(session, onEnd)
            }
        } catch {
            stopWorkers(session)
            let missing = Self.workerCount - started
            _ = lifecycle.wait(until: .now() + Self.stopTime) {
                $0.workers <= missing ? true : nil
            }
            throw error
        }
    }

    private func stopWorkers(_ session: MountSession) {
        session.exit()
        var one: UInt64 = 1
        _ = write(stop.rawValue, &one, 8)
    }

    /// The supervisor's thread.
    private func supervise(
        _ session: MountSession, _ onEnd: @escaping @Sendable (MountEnd) -> Void
    ) {
        var reason: MountEnd?
        while reason == nil {
            supervisor.beginTurn()
            let deadline = expire(.now())
            let event = supervisor.wait(until: deadline)
            let (isStopRequested, workers) = lifecycle.update { ($0.isStopRequested, $0.workers) }
            if isStopRequested {
                reason = .requested
            } else if workers == 0 {
                reason = .unmounted
            } else if event.mountsChanged, let device = session.device,
                !supervisor.mountTable().contains(device: device)
            {
                // A lazy unmount: nobody finds the mount any more, though files may be open.
                reason = .unmounted
            }
        }
        end(session, reason ?? .unmounted, onEnd)
    }

    private func end(
        _ session: MountSession, _ reason: MountEnd, _ onEnd: (MountEnd) -> Void
    ) {
        let deadline = Timestamp.now() + Self.stopTime
        var isQuiet = failAllReads(until: deadline)
        // After the reads, which whoever drops pages may wait for.
        self.session.withLock { $0 = nil }
        stopWorkers(session)
        isQuiet =
            lifecycle.wait(until: deadline) { $0.workers == 0 ? true : nil } != nil && isQuiet
        session.unmount()
        if isQuiet {
            releaseBackings()
            session.destroy()
            Unmanaged.passUnretained(self).release()
        } else {
            // A thread is stuck in the cache's disk: what it uses is not freed under it.
            Log.warning("a read of the cache does not return; its thread is left behind")
        }
        lifecycle.update { $0.stage = .ended }
        onEnd(reason)
    }
}
