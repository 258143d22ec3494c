import Foundation
import Reactor
import Testing
import TorrentCore
import TorrentTree

@testable import FUSEBridge

/// A torrent that is mounted for one test.
struct TestMount {
    let contents: FakeContents
    let system: MountedFileSystem
    /// The mountpoint.
    let path: String
    /// Ends, as the mount reports them.
    let ends = Condition<[MountEnd]>([])

    /// A deadline that turns a hang into a failure.
    static var later: Timestamp { .now() + .seconds(Child.patience) }

    /// Mounts, calls `body`, and unmounts whatever happens.
    static func with(
        _ torrent: SampleTorrent, isCached: Bool = true, _ options: MountOptions = MountOptions(),
        folder: String? = nil, _ body: (TestMount) throws -> Void
    ) throws {
        let mountpoint = try TemporaryFolder()
        defer { mountpoint.remove() }
        let mount = try TestMount(
            torrent, isCached: isCached, options, folder: folder, at: mountpoint.path)
        defer {
            mount.system.unmount()
            #expect(
                mount.ends.wait(until: Self.later) { $0.isEmpty ? nil : $0.count } == 1)
            #expect(MountTable.current().top(at: mountpoint.path) == nil)
            // Nothing is left waiting in the storage, or retained there.
            #expect(mount.contents.wait { $0.waits.isEmpty && $0.retained.isEmpty })
        }
        try body(mount)
    }

    init(
        _ torrent: SampleTorrent, isCached: Bool, _ options: MountOptions = MountOptions(),
        folder: String? = nil, at path: String
    ) throws {
        let torrent = try torrent.make()
        contents = FakeContents(torrent, isCached: isCached, folder: folder)
        system = try MountedFileSystem(
            tree: DirectoryTree(torrents: [torrent]), contents: [contents], options: options)
        self.path = path
        try system.mount(at: path) { [ends] end in ends.update { $0.append(end) } }
    }

    /// The path of a file of the torrent.
    func file(_ name: String) -> String { "\(path)/t/\(name)" }

    /// The content of a file, to compare with.
    static func expected(_ range: Range<Int>) -> [UInt8] {
        range.map { FakeContents.pattern[$0 % FakeContents.period] }
    }
}

/// A fresh directory.
struct TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/swarmfs-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError.last("mkdtemp") }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    func remove() { rmdir(path) }
}
