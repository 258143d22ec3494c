package import Metainfo

extension InfoDictionary {
    /// The name for people: valid UTF-8, no control characters.
    package var displayName: String {
        String(
            String.UnicodeScalarView(
                String(decoding: name, as: UTF8.self).unicodeScalars.map {
                    $0.value < 32 || $0.value == 127 ? "\u{FFFD}" : $0
                }))
    }
}
