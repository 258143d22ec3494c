import Foundation
import Reactor
import TorrentCore

/// An HTTP server with files, that answers requests for parts as RFC 9110 says, or not.
final class FileServer: Sendable {
    /// How it answers.
    enum Manner: Sendable {
        case right
        /// Parts it does not know: the whole file every time.
        case ignoresRanges
        /// Always the first bytes, and says so.
        case wrongRange
        /// Says the right thing, and sends this many bytes more or less.
        case length(Int)
        /// Flips a bit of each part.
        case corrupts
        /// Never sends the body.
        case status(String, headers: [String] = [])
        /// Says that it is compressed.
        case encoded
    }

    let server: HTTPTestServer
    private let asked: Locked<[String]>

    /// Files by their path from the root, as it stands in requests.
    init(_ files: [String: Data], manner: Manner = .right) throws {
        let asked = Locked<[String]>([])
        self.asked = asked
        server = try HTTPTestServer { exchange in
            asked.withLock { $0.append(exchange.path) }
            guard let data = files[exchange.path] else {
                return exchange.answer([], status: "404 Not Found")
            }
            Self.answer(exchange, Array(data), manner)
        }
    }

    /// The paths that were asked for.
    var paths: [String] { asked.withLock { $0 } }

    private static func answer(
        _ exchange: HTTPTestServer.Exchange, _ data: [UInt8], _ manner: Manner
    ) {
        guard let range = range(in: exchange.head), range.upperBound <= data.count else {
            return exchange.answer([], status: "416 Range Not Satisfiable")
        }
        var part = Array(data[range])
        var headers = [
            "Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(data.count)"
        ]
        switch manner {
        case .right: break
        case .ignoresRanges: return exchange.answer(data)
        case .wrongRange:
            headers = ["Content-Range: bytes 0-\(range.count - 1)/\(data.count)"]
            part = Array(data[..<range.count])
        case .length(let more):
            part = more < 0 ? part.dropLast(-more) : part + Array(repeating: 1, count: more)
            let head = "HTTP/1.1 206 Partial Content\r\n" + headers[0] + "\r\n\r\n"
            exchange.send(Array(head.utf8) + part)
            return
        case .corrupts: part[part.count / 2] ^= 1
        case .status(let status, let more):
            return exchange.answer([], status: status, headers: more)
        case .encoded: headers.append("Content-Encoding: gzip")
        }
        exchange.answer(part, status: "206 Partial Content", headers: headers)
    }

    private static func range(in head: String) -> Range<Int>? {
        guard
            let line = head.split(separator: "\r\n").first(where: { $0.hasPrefix("Range: bytes=") })
        else { return nil }
        let ends = line.dropFirst("Range: bytes=".count).split(separator: "-").compactMap {
            Int($0)
        }
        return ends.count == 2 ? ends[0]..<ends[1] + 1 : nil
    }
}
