import Metainfo
import Reactor
import TorrentCore

extension SharedPieces {
    /// Torrents looked into, those of the same name and the last used first, and the length of their
    /// metainfo together: half a second of a mount's start at most. None is looked into where nothing
    /// is missing.
    private static let donorLimit = 16
    private static let metainfoLimit: Int64 = 32 << 20

    /// Finds what other torrents of the cache hold of what is `missing`; nil for nothing.
    static func find(
        for metainfo: TorrentMetainfo, torrent: Int64, in cache: CacheDirectory,
        missing isMissing: (PieceIndex) -> Bool
    ) -> SharedPieces? {
        let info = metainfo.info
        let catalogue = cache.catalogue
        do throws(StorageError) {
            guard info.geometry.pieces.contains(where: isMissing) else { return nil }
            let donors = try catalogue.donors(
                for: torrent, pieceLength: Int64(info.pieceLength),
                isV2: info.identity.v2 != nil, limit: donorLimit)
            guard !donors.isEmpty else { return nil }
            var shared = SharedPieces(pieceCount: info.geometry.pieceCount)
            var bytesLeft = metainfoLimit
            for donor in donors {
                let length = CacheFolder.metainfoLength(of: donor.folder, in: cache.descriptor)
                guard let length, length <= bytesLeft else { continue }
                bytesLeft -= length
                try shared.look(into: donor, for: metainfo, isMissing, cache)
            }
            guard !shared.pieces.isEmpty else { return nil }
            Log.info(
                "torrent \(info.identity): \(shared.pieces.setCount) of "
                    + "\(info.geometry.pieceCount) pieces are those of other torrents in the cache")
            return shared
        } catch {
            // They are fetched instead.
            Log.warning("\(error)")
            return nil
        }
    }

    private mutating func look(
        into donor: Catalogue.Donor, for metainfo: TorrentMetainfo,
        _ isMissing: (PieceIndex) -> Bool, _ cache: CacheDirectory
    ) throws(StorageError) {
        guard let other = CacheFolder.metainfo(of: donor.folder, in: cache.descriptor) else {
            return
        }
        let cached = try cache.catalogue.cached(
            of: donor.id, pieceCount: other.info.geometry.pieceCount)
        let found = pieces
        let matches = withoutActuallyEscaping(isMissing) { isMissing in
            PieceMatching(metainfo, missing: { isMissing($0) && !found[$0] })
                .matches(in: other, cached: cached)
        }
        let disk = DiskLayout(
            other.info.layout, pieceLength: other.info.pieceLength,
            isPacked: CacheFolder.isPacked(donor.folder, in: cache.descriptor) ?? false,
            chunkLength: cache.policy.chunkLength)
        add(Donor(folder: donor.folder, disk: disk), matches)
    }
}
