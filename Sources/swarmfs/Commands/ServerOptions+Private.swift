import Foundation
import Metainfo
import TorrentCore
import TorrentEngine

extension ServerOptions {
    /// What to say of servers that torrents name and that are not asked, as their addresses are
    /// private ones; nil where there is nothing to say. Names are not looked up here: of those the
    /// log tells when they are.
    func note(on torrents: [SessionTorrent], trackers: [String]) -> String? {
        guard !allowsPrivateURLs else { return nil }
        let named = torrents.filter { !$0.mayNamePrivateServers }.flatMap {
            $0.metainfo.announceTiers.flatMap(\.self) + $0.metainfo.webSeeds
        }
        let refused = named.filter {
            !trackers.contains($0) && !webSeeds.contains($0) && Self.isPrivate($0)
        }
        guard let first = refused.first else { return nil }
        let others = refused.count > 1 ? " and \(refused.count - 1) more" : ""
        return "\(first)\(others) will not be asked, being in the private network: "
            + "if you trust the torrent, mount it with --local-urls"
    }

    /// Whether a URL itself says that its host is in the private network.
    private static func isPrivate(_ url: String) -> Bool {
        guard
            let host = URLComponents(string: url)?.host?.trimmingCharacters(
                in: CharacterSet(charactersIn: "[]"))
        else { return false }
        return host == "localhost" || IPAddress(host)?.isPrivate ?? false
    }
}
