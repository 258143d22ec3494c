import CFUSE
import Glibc
import Metainfo
import PieceStorage
import Reactor
import Synchronization
import TorrentCore
import TorrentTree

// Reading, and waiting for what is not there.
//
// A READ whose data is cached is answered at once by the thread that took it from the kernel. Any
// other becomes a `WaitingRead`: a struct in a table, no thread. Whoever takes it out of the table
// answers it: the storage's completion when its pieces are there, the supervisor when its time is
// up or its reader has a signal, `end` when the mount goes.
//
// The kernel sends no interrupt for an ordinary buffered READ, and its reader cannot be stopped by a
// signal that it handles. So such a READ is failed once after a grace time. The kernel then asks
// again for the one page that is needed, synchronously, and that one signals can end; it waits
// until its data is there, or the read time-out. Only if it fails does the program see an error.
extension MountedFileSystem {
    /// How often a read may find its data gone again that was there a moment ago.
    private static let attemptLimit = 16

    func read(
        _ raw: fuse_req_t, _ inode: fuse_ino_t, size: Int, offset: Int64, handle: FileHandle,
        flags: Int32
    ) {
        var request = Optional(ReadRequest(raw))
        guard let node = node(inode), case .file(let torrent, let file) = tree.kind(of: node) else {
            request.take()?.fail(EISDIR)
            return
        }
        let length = tree.torrents[torrent].layout.length(of: file)
        guard offset >= 0, offset < length, size > 0 else {
            request.take()?.reply(UnsafeRawBufferPointer(start: nil, count: 0))
            return
        }
        let count = Int(min(Int64(size), length - offset))
        let bytes = offset..<offset + Int64(count)
        let storage = contents[torrent]
        let outcome = ReplyBuffer.with(count) { buffer in
            storage.read(file, offset: offset, lendingOr: buffer) { request.take()?.reply($0) }
        }
        switch outcome {
        case .bytes:
            if handle.isComplete { return }
            inodes.succeeded(bytes, of: node)
            observe(bytes, of: node, torrent, file, handle)
        case .failed(let code):
            inodes.failed(bytes, of: node, asked: nil)
            request.take()?.fail(code)
        case .missing(let pieces):
            guard let unanswered = request.take() else { return }
            let read = waitingRead(
                unanswered, node: node, torrent: torrent, file: file, bytes: bytes, handle: handle,
                isDirect: swarmfs_is_direct(flags) != 0)
            wait(read, for: pieces)
            observe(bytes, of: node, torrent, file, handle)
        case nil:
            request.take()?.fail(ENOMEM)
        }
    }

    private func observe(
        _ bytes: Range<Int64>, of node: NodeID, _ torrent: Int, _ file: FileIndex,
        _ handle: FileHandle
    ) {
        inodes.observe(
            bytes, of: node, file: file, in: tree.torrents[torrent], contents[torrent],
            handle: handle)
    }

    private func waitingRead(
        _ request: consuming ReadRequest, node: NodeID, torrent: Int, file: FileIndex,
        bytes: Range<Int64>, handle: FileHandle, isDirect: Bool
    ) -> WaitingRead {
        let now = Timestamp.now()
        let isSynchronous: Bool
        let asked: Timestamp
        if isDirect {
            (isSynchronous, asked) = (true, now)
        } else if let since = inodes.retried(bytes, of: node, now: now) {
            (isSynchronous, asked) = (true, since)
        } else {
            (isSynchronous, asked) = (false, now)
        }
        let grace = min(options.grace, readTimeout)
        return WaitingRead(
            consume request, node: node, torrent: torrent, file: file, bytes: bytes,
            isDirect: isDirect, asked: asked, expiry: isSynchronous ? .timeout : .grace,
            deadline: asked + (isSynchronous ? readTimeout : grace))
    }

    // MARK: - Waiting

    /// Lets a read wait, or answers it where that is not needed or not possible.
    private func wait(_ read: WaitingRead, for pieces: Range<PieceIndex>) {
        var pieces = pieces
        for _ in 0..<Self.attemptLimit {
            guard let key = waiting.insert(read, for: pieces) else {
                read.fail(EIO)
                return
            }
            read.onInterrupt(fuseInterrupted, key: key)
            let storage = contents[read.torrent]
            let id = storage.wait(for: pieces, of: read.file, bytes: read.bytes) { [self] in
                piecesArrived(key)
            }
            if let id {
                switch waiting.start(key, id) {
                case .waiting:
                    for wait in lingering.take(read.node, pieces) { cancel(wait) }
                    supervisor.wake(by: read.deadline)
                    return
                case .closed:
                    _ = storage.cancelWait(id)
                    read.fail(EIO)
                    return
                case .arrived: break
                }
            } else {
                waiting.withdraw(key)
            }
            guard let missing = answer(read) else { return }
            pieces = missing
        }
        Log.error("\(tree.path(of: read.node)): data was lost again and again while it was read")
        inodes.failed(read.bytes, of: read.node, asked: nil)
        read.fail(EIO)
    }

    /// Answers a read from the storage; gives what is missing where it cannot.
    private func answer(_ read: WaitingRead) -> Range<PieceIndex>? {
        let storage = contents[read.torrent]
        let outcome = ReplyBuffer.with(read.bytes.count) { buffer in
            storage.read(read.file, offset: read.bytes.lowerBound, lendingOr: buffer) { parts in
                inodes.succeeded(read.bytes, of: read.node)
                read.reply(parts)
            }
        }
        switch outcome {
        case .bytes: break
        case .missing(let pieces): return pieces
        case .failed(let code):
            inodes.failed(read.bytes, of: read.node, asked: nil)
            read.fail(code)
        case nil:
            inodes.failed(read.bytes, of: read.node, asked: nil)
            read.fail(ENOMEM)
        }
        return nil
    }

    /// The storage has what a read waits for.
    private func piecesArrived(_ key: UInt64) {
        guard let read = waiting.arrived(key) else { return }
        answerOrWait(read)
    }

    private func answerOrWait(_ read: WaitingRead) {
        if let missing = answer(read) { wait(read, for: missing) }
        waiting.answered()
    }

    private func cancel(_ wait: LingeringWaits.Wait) {
        _ = contents[wait.torrent].cancelWait(wait.id)
    }

    // MARK: - Giving up

    /// The kernel says that the reader of the read `key` has a signal.
    func interrupted(_ key: UInt64) {
        waiting.interrupted(key)
        supervisor.wake()
    }

    /// Ends what must end by now; for the supervisor. Gives when to be called again.
    func expire(_ now: Timestamp) -> Timestamp? {
        for read in waiting.take(where: { $0.isInterrupted() }) { interrupt(read) }
        for read in waiting.take(where: { !(now < $0.deadline) }) { expire(read) }
        for wait in lingering.takeExpired(now) { cancel(wait) }

        var next = lingering.nextEnd
        waiting.forEach { read in
            var due = read.deadline
            if let recheck = read.recheckTime { due = min(due, now + recheck) }
            next = next.map { min($0, due) } ?? due
        }
        return next
    }

    private func interrupt(_ read: WaitingRead) {
        if let id = read.wait { _ = contents[read.torrent].cancelWait(id) }
        for wait in lingering.take(read.node, overlapping: read.bytes) { cancel(wait) }
        if !read.isDirect { inodes.failed(read.bytes, of: read.node, asked: nil) }
        read.fail(EINTR)
        waiting.answered()
    }

    private func expire(_ read: WaitingRead) {
        guard let id = read.wait else { return }
        let storage = contents[read.torrent]
        switch read.expiry {
        case .grace:
            // The kernel asks again at once: until then the wait goes on.
            lingering.add(
                LingeringWaits.Wait(
                    id: id, torrent: read.torrent, node: read.node, bytes: read.bytes,
                    pieces: read.pieces, end: .now() + LingeringWaits.time))
            inodes.failed(read.bytes, of: read.node, asked: read.asked)
            read.fail(EIO)
        case .timeout:
            guard storage.cancelWait(id) else {
                answerOrWait(read)
                return
            }
            storage.reportTimeout(id, pieces: read.pieces, path: tree.path(of: read.node))
            if !read.isDirect { inodes.failed(read.bytes, of: read.node, asked: nil) }
            read.fail(EIO)
        }
        waiting.answered()
    }

    /// Fails all reads that wait, and all that would; gives whether all are answered.
    func failAllReads(until deadline: Timestamp) -> Bool {
        for read in waiting.close() {
            if let id = read.wait { _ = contents[read.torrent].cancelWait(id) }
            read.fail(EIO)
            waiting.answered()
        }
        for wait in lingering.takeAll() { cancel(wait) }
        inodes.endAll(contents: contents, tree: tree)
        return waiting.drain(until: deadline)
    }
}
