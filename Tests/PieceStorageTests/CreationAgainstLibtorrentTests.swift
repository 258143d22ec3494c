import Foundation
import Metainfo
import PieceStorage
import Testing
import TorrentCore
import TorrentCrypto

/// What libtorrent makes of the same files and settings, and whether other clients take ours.
@Suite(
    "Made torrents against libtorrent and Transmission",
    .enabled(if: CreationPython.hasLibtorrent, "needs the package python3-libtorrent"))
struct CreationAgainstLibtorrentTests {
    /// Makes a torrent the way of libtorrent's own examples. Plain v1 torrents have no order of
    /// their own there, so files are added one by one in the given order.
    private static let make = """
        import libtorrent as lt, os, sys
        path, version, size, out = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
        flags = lt.create_torrent.symlinks
        storage = lt.file_storage()
        if version == 'v1':
            flags |= lt.create_torrent.v1_only
            found = []
            for top, _, names in os.walk(path):
                found += [os.path.join(top, name) for name in names]
            if os.path.isfile(path): found = [path]
            parent = os.path.dirname(path)
            key = lambda file: os.fsencode(os.path.relpath(file, parent)).split(b'/')
            for file in sorted(found, key=key):
                mode = os.lstat(file).st_mode
                attributes = lt.file_flags_t.flag_executable if mode & 0o100 else 0
                storage.add_file(os.path.relpath(file, parent), os.lstat(file).st_size, attributes)
        else:
            if version == 'v2': flags |= lt.create_torrent.v2_only
            lt.add_files(storage, path, flags=flags)
        torrent = lt.create_torrent(storage, size, flags)
        torrent.set_comment('a remark')
        torrent.set_creator('a program')
        torrent.add_tracker('http://t/1', 0)
        torrent.add_tracker('http://t/2', 1)
        torrent.add_url_seed('http://w/')
        torrent.set_priv(True)
        lt.set_piece_hashes(torrent, os.path.dirname(path))
        entry = torrent.generate()
        entry[b'creation date'] = 1234567890
        open(out, 'wb').write(lt.bencode(entry))
        """

    private static let load = """
        import libtorrent as lt, sys
        info = lt.torrent_info(sys.argv[1])
        hashes = info.info_hashes()
        print(hashes.v1 if hashes.has_v1() else '-', hashes.v2 if hashes.has_v2() else '-')
        files = info.files()
        print(info.num_pieces(), sum(files.file_size(i) for i in range(files.num_files())
            if not files.file_flags(i) & lt.file_flags_t.flag_pad_file))
        """

    private func make(
        _ path: String, _ version: TorrentVersion, pieceLength: Int?
    ) throws -> TorrentMetainfo {
        var options = TorrentOptions()
        options.version = version
        options.pieceLength = pieceLength
        options.announceTiers = [["http://t/1"], ["http://t/2"]]
        options.webSeeds = ["http://w/"]
        options.isPrivate = true
        options.comment = "a remark"
        options.createdBy = "a program"
        options.creationDate = 1_234_567_890
        return try TorrentCreator(path: path, options: options).create()
    }

    private func compare(
        _ folder: CreationFolder, path: String, _ version: TorrentVersion, pieceLength: Int?
    ) throws {
        let ours = try make(path, version, pieceLength: pieceLength)
        let theirs = folder.sibling("theirs.torrent")
        _ = try CreationPython.run(
            Self.make, [path, "\(version)", "\(pieceLength ?? 0)", theirs])
        let expected = [UInt8](try Data(contentsOf: URL(fileURLWithPath: theirs)))
        let parsed = try TorrentMetainfo(parsing: expected, hashing: OpenSSLHashing())
        #expect(ours.info.identity == parsed.info.identity)
        #expect(ours.encoded() == expected)
    }

    @Test(arguments: [TorrentVersion.v1, .v2, .hybrid], [nil, 16384, 65536, 1 << 20])
    func `a folder gives libtorrent's torrent, byte for byte`(
        version: TorrentVersion, pieceLength: Int?
    ) throws {
        let folder = try CreationFolder()
        defer { folder.remove() }
        try folder.fill()
        try compare(folder, path: folder.path, version, pieceLength: pieceLength)
    }

    @Test(arguments: [TorrentVersion.v2, .hybrid])
    func `links are written as libtorrent writes them`(version: TorrentVersion) throws {
        let folder = try CreationFolder()
        defer { folder.remove() }
        try folder.fill()
        try folder.addLinks()
        try compare(folder, path: folder.path, version, pieceLength: 32768)
    }

    @Test(arguments: [TorrentVersion.v1, .v2, .hybrid], [1, 16384, 65536, 100_000])
    func `a single file gives libtorrent's torrent, byte for byte`(
        version: TorrentVersion, length: Int
    ) throws {
        let folder = try CreationFolder()
        defer { folder.remove() }
        try folder.write(
            "one", bytes: CreationFolder.content(length, seed: 1), isExecutable: true)
        try compare(folder, path: folder.path + "/one", version, pieceLength: 16384)
        try compare(folder, path: folder.path, version, pieceLength: 16384)
    }

    @Test func `the automatic piece length is libtorrent's`() throws {
        let script = """
            import libtorrent as lt, sys
            for size in sys.argv[1:]:
                storage = lt.file_storage()
                storage.add_file('a', int(size))
                print(lt.create_torrent(storage, 0, lt.create_torrent.v1_only).piece_length())
            """
        let bounds: [Int64] = [1, 2_684_355, 10_737_418, 687_194_767, 10_995_116_278]
        var totals: [Int64] = [703_687_441_777, 703_687_441_778]
        for bound in bounds { totals += [bound, bound + 1] }
        let output = try CreationPython.run(script, totals.map { String($0) })
        let expected = output.split(separator: "\n").compactMap { Int($0) }
        #expect(totals.map { TorrentDraft.automaticPieceLength(total: $0) } == expected)
    }

    /// Makes a torrent of a folder with all there is, and has `read` say what is in its file.
    private func readBack(
        _ version: TorrentVersion, by read: (_ file: String) throws -> String
    ) throws -> (made: TorrentMetainfo, output: String) {
        let folder = try CreationFolder()
        defer { folder.remove() }
        try folder.fill()
        try folder.addLinks()
        let made = try make(folder.path, version, pieceLength: nil)
        let file = folder.sibling("ours.torrent")
        try Data(made.encoded()).write(to: URL(fileURLWithPath: file))
        return (made, try read(file))
    }

    @Test(arguments: [TorrentVersion.v1, .v2, .hybrid])
    func `libtorrent loads what is made`(version: TorrentVersion) throws {
        let (made, output) = try readBack(version) { file in
            try CreationPython.run(Self.load, [file])
        }
        let identity = made.info.identity
        let hashes = "\(identity.v1?.description ?? "-") \(identity.v2?.description ?? "-")"
        #expect(output.split(separator: "\n").first.map(String.init) == hashes)
        #expect(output.contains("\(made.info.layout.payloadLength)\n"))
    }

    @Test(
        .enabled(if: CreationPython.hasTransmission, "needs the package transmission-cli"),
        arguments: CreationPython.transmissionReadsHybrids ? [.v1, .hybrid] : [TorrentVersion.v1])
    func `Transmission reads what is made`(version: TorrentVersion) throws {
        let (made, output) = try readBack(version) { file in
            try CreationPython.run(executable: CreationPython.transmission, [file])
        }
        #expect(output.contains(try #require(made.info.identity.v1).description))
        #expect(output.contains("folder"))
    }
}
