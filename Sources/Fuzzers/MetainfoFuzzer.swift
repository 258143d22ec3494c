import Metainfo
import TorrentCore
import TorrentCrypto

/// Parses a .torrent file, and asks what the mount and the engine ask of it.
enum MetainfoFuzzer {
    static func run(_ bytes: Span<UInt8>) {
        let bytes = [UInt8](copying: bytes)
        var limits = MetainfoLimits.standard
        // Keeps a fuzzed input from spending its time on one huge but valid torrent.
        limits.pieces = 1 << 16
        guard
            let metainfo = try? TorrentMetainfo(
                parsing: bytes, hashing: OpenSSLHashing(), limits: limits)
        else { return }
        let layout = metainfo.info.layout
        for file in layout.files {
            _ = layout.path(of: file)
            _ = layout.symlinkTarget(of: file)
            for piece in layout.pieces(of: file).prefix(4) {
                let slices = layout.slices(of: piece)
                let length = metainfo.info.geometry.length(of: piece)
                precondition(slices.reduce(0) { $0 + $1.length } == length)
                _ = metainfo.verification(of: piece)
                _ = layout.isPadding(metainfo.info.geometry.block(0, of: piece))
            }
        }
        let again = try? TorrentMetainfo(
            parsing: metainfo.encoded(), hashing: OpenSSLHashing(), limits: limits)
        precondition(again?.info.identity == metainfo.info.identity)
    }
}
