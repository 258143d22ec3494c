import Swarm
import TorrentCore

/// The head of a web seed's answer: `Content-Range` first, the other fields behind line breaks.
enum ContentRangeFuzzer {
    static func run(_ bytes: Span<UInt8>) {
        let text = String(decoding: Array(copying: bytes), as: UTF8.self)
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        lines += Array(repeating: "", count: 4)
        if let range = ContentRange(lines[0]) {
            precondition(range.bytes != nil || range.total != nil)
            if let bytes = range.bytes {
                precondition(bytes.lowerBound >= 0 && !bytes.isEmpty)
                precondition(range.total.map { bytes.upperBound <= $0 } ?? true)
            }
        }
        let wanted: Range<Int64> = 100..<200
        for status in [200, 206, 416, 503] {
            let response = WebSeedResponse(
                status: status, contentRange: lines[0], contentLength: lines[1],
                contentEncoding: lines[2].isEmpty ? nil : lines[2], retryAfter: lines[3])
            guard (try? response.check(wanted, fileLength: 1000)) != nil else { continue }
            precondition(status == 206 && ContentRange(lines[0])?.bytes == wanted)
        }
    }
}
