/// The head of an HTTP response, as far as it decides about the body.
package struct HTTPHead: Equatable, Sendable {
    /// The status; the last one, after redirects.
    package var status = 0
    /// `Content-Range`.
    package var contentRange: String?
    /// `Content-Length`.
    package var contentLength: String?
    /// `Content-Encoding`.
    package var contentEncoding: String?
    /// `Retry-After`.
    package var retryAfter: String?

    /// Takes note of one header line; others than these are passed over.
    mutating func read(_ line: UnsafeRawBufferPointer) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return }
        let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
        var value = line[(colon + 1)...]
        while let byte = value.first, byte == 0x20 || byte == 0x09 { value = value.dropFirst() }
        while let byte = value.last, byte == 0x20 || (0x09...0x0D).contains(byte) {
            value = value.dropLast()
        }
        let text = String(decoding: value, as: UTF8.self)
        switch name {
        case "content-range": contentRange = text
        case "content-length": contentLength = text
        case "content-encoding": contentEncoding = text
        case "retry-after": retryAfter = text
        default: return
        }
    }
}
