import Metainfo
import Reactor
import TorrentCore
import TorrentCrypto

/// .torrent files of which only the infohash is known, from servers that keep them by infohash.
extension Session {
    /// What stands for the infohash in `SessionConfiguration.metadataURLs`.
    package static let infohashPlaceholder = "{infohash}"
    /// The first pause after a server did not have it, which doubles...
    private static let firstPause = Interval.seconds(5)
    /// ...up to this: it may be published while we wait.
    private static let longestPause = Interval.seconds(300)

    /// Where the torrent's file may be, and whether only public addresses may be asked: the user's
    /// servers, and what the magnet link names (`xs`, `as`).
    func metadataURLs(
        for identity: TorrentIdentity, magnet: MagnetLink?
    ) -> [(url: String, publicOnly: Bool)] {
        let hashes = [identity.v1?.description, identity.v2?.description].compactMap(\.self)
        let named = configuration.metadataURLs.flatMap { template in
            hashes.map { Self.replace(in: template, by: $0) }
        }
        let isPublicOnly = !configuration.allowsPrivateURLs
        return named.map { ($0, false) } + (magnet?.metadataURLs ?? []).map { ($0, isPublicOnly) }
    }

    /// Asks all of them until one has it; nil when the task is cancelled.
    func searchMetadata(
        _ identity: TorrentIdentity, at urls: [(url: String, publicOnly: Bool)]
    ) async -> TorrentMetainfo? {
        await withTaskGroup(of: TorrentMetainfo?.self) { group in
            for (url, publicOnly) in urls {
                group.addTask {
                    await self.searchMetadata(identity, at: url, publicOnly: publicOnly)
                }
            }
            var found: TorrentMetainfo?
            for await metainfo in group {
                guard let metainfo else { continue }
                found = metainfo
                break
            }
            group.cancelAll()
            return found
        }
    }

    private func searchMetadata(
        _ identity: TorrentIdentity, at url: String, publicOnly: Bool
    ) async -> TorrentMetainfo? {
        var pause = Self.firstPause
        while !Task.isCancelled {
            do throws(SessionError) {
                let bytes = try await fetch(url, publicOnly: publicOnly).body
                return try Self.metainfo(bytes, of: identity, from: url)
            } catch {
                if !Task.isCancelled { Log.info("\(error)") }
            }
            do {
                try await Task.sleep(for: .seconds(pause.seconds))
            } catch {
                return nil
            }
            pause = min(pause + pause, Self.longestPause)
        }
        return nil
    }

    /// The torrent, if it is the one that was looked for.
    private static func metainfo(
        _ bytes: [UInt8], of identity: TorrentIdentity, from url: String
    ) throws(SessionError) -> TorrentMetainfo {
        let metainfo = try parse(bytes, from: url)
        let found = metainfo.info.identity
        guard identity.v1 == nil || found.v1 == identity.v1,
            identity.v2 == nil || found.v2 == identity.v2
        else { throw .sourceUnusable("\(url) is another torrent: \(found)") }
        return metainfo
    }

    private static func replace(in template: String, by hash: String) -> String {
        var result = ""
        var rest = template[...]
        while let range = rest.firstRange(of: infohashPlaceholder) {
            result += rest[..<range.lowerBound] + hash
            rest = rest[range.upperBound...]
        }
        return result + rest
    }
}
