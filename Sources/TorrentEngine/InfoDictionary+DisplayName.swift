package import Metainfo
import TorrentCore

extension InfoDictionary {
    /// The name for people: valid UTF-8, no control characters.
    package var displayName: String {
        String(
            String.UnicodeScalarView(
                String(decoding: name, as: UTF8.self).unicodeScalars.map {
                    $0.isControl ? "\u{FFFD}" : $0
                }))
    }
}
