import TorrentCore

/// The parameters of a magnet link while it is read.
struct MagnetFields {
    private(set) var displayName: String?
    private(set) var trackers: [String] = []
    private(set) var webSeeds: [String] = []
    private(set) var metadataURLs: [String] = []
    private(set) var peers: [String] = []
    private(set) var selectedFiles: [ClosedRange<Int>]?
    private var v1: SHA1Digest?
    private var v2: SHA256Digest?

    func identity() throws(MagnetError) -> TorrentIdentity {
        if let v2 { return TorrentIdentity(v2: v2, v1: v1) }
        guard let v1 else { throw .noInfohash }
        return TorrentIdentity(v1: v1)
    }

    /// Reads `key=value`.
    mutating func read(_ parameter: ArraySlice<UInt8>) throws(MagnetError) {
        guard let equals = parameter.firstIndex(of: UInt8(ascii: "=")) else { return }
        var key = String(decoding: parameter[..<equals], as: UTF8.self).lowercased()
        // A key that is repeated may be numbered: `tr.1`, `tr.2`.
        if let dot = key.lastIndex(of: "."), Int(key[key.index(after: dot)...]) != nil {
            key = String(key[..<dot])
        }
        let escaped = parameter[(equals + 1)...]
        switch key {
        case "xt": try readTopic(Self.unescape(escaped))
        case "dn":
            let name = String(
                decoding: try Self.unescape(escaped, plusIsSpace: true), as: UTF8.self)
            if displayName == nil, !name.isEmpty { displayName = name }
        case "tr": Self.add(try Self.unescape(escaped), to: &trackers)
        case "ws": Self.add(try Self.unescape(escaped), to: &webSeeds)
        case "xs", "as":
            let url = try Self.unescape(escaped)
            if WebSeedURL(String(decoding: url, as: UTF8.self)) != nil {
                Self.add(url, to: &metadataURLs)
            }
        case "x.pe":
            let peer = try Self.unescape(escaped)
            if Self.isPeer(peer) { Self.add(peer, to: &peers) }
        case "so": try readSelection(String(decoding: try Self.unescape(escaped), as: UTF8.self))
        default: return
        }
    }

    // MARK: - Infohashes

    private mutating func readTopic(_ topic: [UInt8]) throws(MagnetError) {
        let text = String(decoding: topic, as: UTF8.self)
        let lowercased = text.lowercased()
        let value = String(text.utf8.dropFirst("urn:btih:".utf8.count)) ?? ""
        if lowercased.hasPrefix("urn:btih:") {
            guard let hash = SHA1Digest(hexadecimal: value) ?? Self.base32(value) else {
                throw .badInfohash(value)
            }
            guard v1 == nil || v1 == hash else { throw .conflictingInfohashes }
            v1 = hash
        } else if lowercased.hasPrefix("urn:btmh:") {
            // A multihash: 0x12 for SHA-256, 0x20 for its 32 bytes.
            guard value.hasPrefix("1220"), let hash = SHA256Digest(hexadecimal: value.dropFirst(4))
            else { throw .badInfohash(value) }
            guard v2 == nil || v2 == hash else { throw .conflictingInfohashes }
            v2 = hash
        }
    }

    /// The older way to write an infohash: 32 digits of RFC 4648's base 32.
    private static func base32(_ text: String) -> SHA1Digest? {
        guard text.utf8.count == 32 else { return nil }
        var bytes: [UInt8] = []
        var bits: UInt16 = 0
        var count = 0
        for digit in text.utf8 {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = digit - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = digit - UInt8(ascii: "a")
            case UInt8(ascii: "2")...UInt8(ascii: "7"): value = digit - UInt8(ascii: "2") + 26
            default: return nil
            }
            bits = bits << 5 | UInt16(value)
            count += 5
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt16(count)))
            }
        }
        return SHA1Digest(bytes)
    }

    // MARK: - Hints

    /// Keeps a hint, once, unless control characters or spaces make it dangerous to pass on.
    private static func add(_ hint: [UInt8], to hints: inout [String]) {
        guard !hint.isEmpty, hint.allSatisfy({ $0 > 0x20 && $0 != 0x7F }),
            hints.count < MagnetLink.maximumHints
        else { return }
        let text = String(decoding: hint, as: UTF8.self)
        if !hints.contains(text) { hints.append(text) }
    }

    private static func isPeer(_ text: [UInt8]) -> Bool {
        guard let colon = text.lastIndex(of: UInt8(ascii: ":")), colon > 0,
            let port = UInt16(String(decoding: text[(colon + 1)...], as: UTF8.self)), port > 0
        else { return false }
        let host = text[..<colon]
        // A bare IPv6 address would leave it open where the port starts.
        return host.first == UInt8(ascii: "[")
            ? host.last == UInt8(ascii: "]") : !host.contains(UInt8(ascii: ":"))
    }

    /// `so=0,2,4-6` (BEP 53).
    private mutating func readSelection(_ text: String) throws(MagnetError) {
        var ranges = selectedFiles ?? []
        for part in text.split(separator: ",") {
            let bounds = part.split(separator: "-", omittingEmptySubsequences: false)
            let numbers = bounds.compactMap { UInt32($0) }.map { Int($0) }
            guard numbers.count == bounds.count, let first = numbers.first,
                let last = numbers.last, numbers.count <= 2, first <= last,
                ranges.count < MagnetLink.maximumHints
            else { throw .badSelection(text) }
            ranges.append(first...last)
        }
        selectedFiles = ranges.isEmpty ? nil : ranges
    }

    private static func unescape(
        _ text: ArraySlice<UInt8>, plusIsSpace: Bool = false
    ) throws(MagnetError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var position = text.startIndex
        while position < text.endIndex {
            let byte = text[position]
            position += 1
            if byte == UInt8(ascii: "+"), plusIsSpace {
                bytes.append(UInt8(ascii: " "))
            } else if byte == UInt8(ascii: "%") {
                guard position + 2 <= text.endIndex,
                    let high = Hexadecimal.value(of: text[position]),
                    let low = Hexadecimal.value(of: text[position + 1])
                else { throw .badEscape }
                bytes.append(high << 4 | low)
                position += 2
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }
}
