import Metainfo
import PieceStorage
import Reactor
import TorrentCore
import TorrentTree

/// What changes about files while they are used: how they are open, who reads them in sequence, and
/// which reads failed. Guarded by many locks, each for a share of the inodes.
final class InodeStates: Sendable {
    /// Locks: well above the threads that can want one at once.
    private static let stripeCount = 64
    /// The kernel asks again at once for a page that failed. What comes later is a new read of a
    /// program, which may wait the full time again.
    private static let retryTime = Interval.seconds(1)

    private struct Inode {
        var openCount = 0
        /// Of all handles; `cached` while there is none.
        var mode = OpenMode.cached
        var streams: ReadaheadStreams?
        /// Pages that are in the page cache without their data, as a read of them failed. The
        /// kernel reads such pages one at a time, in a way that signals can end.
        var failed = ByteRanges()
        /// The last reads that failed after the grace time.
        var graces: [(bytes: Range<Int64>, asked: Timestamp, failed: Timestamp)] = []
    }

    private struct Stripe {
        var inodes: [NodeID: Inode] = [:]
        var nextStream: UInt64
    }

    private let stripes: [Locked<Stripe>]

    init() {
        stripes = (0..<UInt64(Self.stripeCount)).map { Locked(Stripe(nextStream: $0)) }
    }

    private func stripe(of node: NodeID) -> Locked<Stripe> {
        stripes[node.value % Self.stripeCount]
    }

    /// Counts a handle more of an open file and gives its mode; nil where the file is not open.
    func join(_ node: NodeID) -> OpenMode? {
        stripe(of: node).withLock { stripe in
            guard let inode = stripe.inodes[node], inode.openCount > 0 else { return nil }
            stripe.inodes[node]?.openCount += 1
            return inode.mode
        }
    }

    /// Counts a handle and gives its mode: `mode`, or that of the handles that are there by now.
    func opened(_ node: NodeID, as mode: OpenMode) -> OpenMode {
        stripe(of: node).withLock { stripe in
            var inode = stripe.inodes[node] ?? Inode()
            if inode.openCount == 0 {
                inode.mode = mode
                // The kernel drops all pages for a file that it reads itself.
                if mode != .cached { inode.failed = ByteRanges() }
            }
            inode.openCount += 1
            stripe.inodes[node] = inode
            return inode.mode
        }
    }

    /// The mode of the open handles of a file; nil where there is none.
    func mode(of node: NodeID) -> OpenMode? {
        stripe(of: node).withLock { stripe in
            stripe.inodes[node].flatMap { $0.openCount > 0 ? $0.mode : nil }
        }
    }

    /// An open file was closed; with the last handle its readers end, and its mode is given.
    func released(_ node: NodeID, in contents: any FileReading) -> OpenMode? {
        stripe(of: node).withLock { stripe in
            guard var inode = stripe.inodes[node], inode.openCount > 0 else { return nil }
            let mode = inode.mode
            inode.openCount -= 1
            guard inode.openCount == 0 else {
                stripe.inodes[node] = inode
                return nil
            }
            for window in inode.streams?.end() ?? [] {
                contents.readahead(StreamID(window.stream), pieces: Self.nothing)
            }
            inode.streams = nil
            inode.mode = .cached
            stripe.inodes[node] = inode.failed.isEmpty ? nil : inode
            return mode
        }
    }

    /// Takes out the files that are open in passthrough, with the kernel's numbers for them.
    func takeBackings() -> [(NodeID, backing: Int32)] {
        stripes.flatMap { stripe in
            stripe.withLock { stripe in
                let taken = stripe.inodes.compactMap { node, inode -> (NodeID, backing: Int32)? in
                    guard case .passthrough(let backing) = inode.mode else { return nil }
                    return (node, backing)
                }
                for (node, _) in taken { stripe.inodes[node] = nil }
                return taken
            }
        }
    }

    /// Takes note of a read, and tells the storage what will be wanted next.
    func observe(
        _ bytes: Range<Int64>, of node: NodeID, file: FileIndex, in torrent: TreeTorrent,
        _ contents: any FileReading, handle: FileHandle
    ) {
        // What the user has not selected is read, and no more (BEP 53).
        guard torrent.isSelected(file) else { return }
        let layout = torrent.layout
        // The storage is told under the lock, so that windows of a stream arrive in order.
        stripe(of: node).withLock { stripe in
            guard var inode = stripe.inodes[node] else { return }
            // The field is emptied first, so that the streams are changed in place.
            var streams =
                inode.streams.take()
                ?? ReadaheadStreams(
                    fileLength: layout.length(of: file), pieceLength: torrent.pieceLength,
                    phase: layout.offset(of: file) % Int64(torrent.pieceLength))
            stripe.inodes[node] = nil
            let windows = streams.observe(bytes, handle: handle.rawValue, now: .now()) {
                stripe.nextStream += UInt64(Self.stripeCount)
                return stripe.nextStream
            }
            inode.streams = streams
            stripe.inodes[node] = inode
            for window in windows {
                let pieces = layout.pieces(
                    of: file, offset: window.bytes.lowerBound, count: window.bytes.count)
                contents.readahead(
                    StreamID(window.stream), pieces: window.bytes.isEmpty ? Self.nothing : pieces)
            }
        }
    }

    /// A read was answered: its pages hold data now.
    func succeeded(_ bytes: Range<Int64>, of node: NodeID) {
        stripe(of: node).withLock { stripe in
            guard let inode = stripe.inodes[node], !inode.failed.isEmpty else { return }
            stripe.inodes[node]?.failed.remove(bytes)
        }
    }

    /// A read failed: its pages are in the page cache without data. `asked` is given where that was
    /// for the grace time only, and the program still waits; otherwise the program knows, and who
    /// asks next may wait the full time.
    func failed(_ bytes: Range<Int64>, of node: NodeID, asked: Timestamp?) {
        stripe(of: node).withLock { stripe in
            stripe.inodes[node, default: Inode()].failed.insert(bytes)
            guard let asked else {
                stripe.inodes[node]?.graces.removeAll { $0.bytes.overlaps(bytes) }
                return
            }
            let now = Timestamp.now()
            stripe.inodes[node]?.graces.removeAll { Self.retryTime < now - $0.failed }
            stripe.inodes[node]?.graces.append((bytes, asked, now))
        }
    }

    /// Whether the kernel asks for these pages in a way that signals can end, as they failed
    /// before; and if so, since when the program has waited for them.
    func retried(_ bytes: Range<Int64>, of node: NodeID, now: Timestamp) -> Timestamp? {
        stripe(of: node).withLock { stripe in
            guard let inode = stripe.inodes[node], inode.failed.contains(bytes) else { return nil }
            let grace = inode.graces.last {
                $0.bytes.overlaps(bytes) && now - $0.failed < Self.retryTime
            }
            return grace?.asked ?? now
        }
    }

    /// Ends all readers, as the mount ends. What is open in passthrough has none.
    func endAll(contents: [any FileReading], tree: DirectoryTree) {
        for stripe in stripes {
            stripe.withLock { stripe in
                for (node, inode) in stripe.inodes where inode.mode == .cached {
                    guard let torrent = tree.torrent(of: node) else { continue }
                    for window in stripe.inodes[node]?.streams?.end() ?? [] {
                        contents[torrent].readahead(
                            StreamID(window.stream), pieces: Self.nothing)
                    }
                    stripe.inodes[node] = nil
                }
            }
        }
    }

    private static let nothing = PieceIndex(0)..<PieceIndex(0)
}
