import Foundation
import Glibc
import Metainfo
import Testing
import TorrentCore

@testable import PieceStorage

/// A torrent's cache files, as a failing disk would change them.
struct StoredFiles {
    let directory: String
    let torrent: SampleTorrent

    func path(of file: Int) -> String {
        "\(directory)/\(torrent.metainfo.info.identity)/files/"
            + "\(String(file / 1024, radix: 16))/\(file)"
    }

    /// Changes one bit of a file.
    func flip(_ file: Int, at offset: Int64) throws {
        let descriptor = open(path(of: file), O_RDWR)
        defer { close(descriptor) }
        try #require(descriptor >= 0)
        var byte: UInt8 = 0
        try #require(pread(descriptor, &byte, 1, off_t(offset)) == 1)
        byte ^= 0x10
        try #require(pwrite(descriptor, &byte, 1, off_t(offset)) == 1)
    }

    func bytes(of file: Int) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path(of: file))))
    }
}
