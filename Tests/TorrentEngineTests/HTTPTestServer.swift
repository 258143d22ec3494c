import Glibc
import Reactor
import TorrentCore

/// A tiny HTTP server on the loopback: every connection gets a thread and a script.
final class HTTPTestServer: Sendable {
    /// What a script can do with its connection.
    struct Exchange {
        fileprivate let descriptor: Int32
        /// The request line and the headers.
        let head: String
        /// The request's path and query.
        var path: String { String(head.split(separator: " ").dropFirst().first ?? "") }

        /// Sends bytes; false once the client has gone.
        @discardableResult
        func send(_ bytes: [UInt8]) -> Bool {
            var rest = bytes[...]
            while !rest.isEmpty {
                let sent = rest.withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard sent > 0 else { return false }
                rest = rest.dropFirst(sent)
            }
            return true
        }

        @discardableResult
        func send(_ text: String) -> Bool { send(Array(text.utf8)) }

        /// Sends a whole answer.
        func answer(
            _ body: [UInt8], status: String = "200 OK", headers: [String] = []
        ) {
            let head =
                ["HTTP/1.1 \(status)", "Content-Length: \(body.count)", "Connection: close"]
                + headers
            send(Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body)
        }

        func redirect(to url: String) {
            answer([], status: "302 Found", headers: ["Location: \(url)"])
        }

        /// Returns when the client has closed its side.
        func waitUntilClosed() {
            var byte: UInt8 = 0
            while recv(descriptor, &byte, 1, 0) > 0 {}
        }
    }

    let port: UInt16
    private let listener: Int32
    private let script: @Sendable (Exchange) -> Void
    private let requests = Condition(0)

    /// A `port` of 0 lets the kernel choose.
    init(
        port: UInt16 = 0, isV6: Bool = false, _ script: @escaping @Sendable (Exchange) -> Void
    ) throws {
        let (listener, port) = try LoopbackListener.open(port: port, isV6: isV6)
        self.port = port
        self.listener = listener
        self.script = script
        let requests = requests
        _ = try Thread(name: "test-http") {
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else {
                    close(listener)
                    return
                }
                _ = try? Thread(name: "test-http") {
                    serve(descriptor, script, requests)
                }
            }
        }
    }

    /// Ends the accepting thread, which closes the listener.
    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    /// The URL of a path.
    func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }

    /// Returns when `count` requests have come; false when they have not `later`.
    func waitForRequests(_ count: Int) -> Bool {
        requests.wait(until: .later) { $0 >= count ? true : nil } ?? false
    }

    /// How many requests have come.
    var requestCount: Int { requests.wait { $0 } ?? 0 }
}

private func serve(
    _ descriptor: Int32, _ script: (HTTPTestServer.Exchange) -> Void, _ requests: Condition<Int>
) {
    var head: [UInt8] = []
    var byte: UInt8 = 0
    // A TLS greeting has no empty line to wait for.
    while !head.suffix(4).elementsEqual([13, 10, 13, 10]), head.count < 65536, head.first != 0x16,
        recv(descriptor, &byte, 1, 0) == 1
    {
        head.append(byte)
    }
    if !head.isEmpty {
        requests.update { $0 += 1 }
        script(
            HTTPTestServer.Exchange(
                descriptor: descriptor, head: String(decoding: head, as: UTF8.self)))
    }
    close(descriptor)
}
