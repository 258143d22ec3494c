import Glibc
import Reactor
import Testing
import TorrentCore
import TorrentEngine
import TrackerProtocol

@Suite("HTTP client", .serialized, .timeLimit(.minutes(10)))
struct HTTPClientTests {
    private let client: HTTPClient

    init() throws { client = try HTTPClient(userAgent: "swarmfs-tests") }

    private func get(
        _ url: String, byteLimit: Int = 1 << 20, timeout: Interval = .seconds(Wire.patience),
        range: ClosedRange<Int64>? = nil
    ) async -> Result<HTTPResponse, HTTPError> {
        await withCheckedContinuation { continuation in
            client.get(
                HTTPRequest(url: url, byteLimit: byteLimit, timeout: timeout, range: range)
            ) {
                continuation.resume(returning: $0)
            }
        }
    }

    // MARK: - What works

    @Test func `a body comes with its status and URL`() async throws {
        let server = try HTTPTestServer { $0.answer(Array("hello \($0.path)".utf8)) }
        let response = try await get(server.url("/a?b=%00c")).get()
        #expect(response.status == 200)
        #expect(response.url == server.url("/a?b=%00c"))
        #expect(response.body == Array("hello /a?b=%00c".utf8))
    }

    @Test func `the request names us and asks for gzip`() async throws {
        let server = try HTTPTestServer { $0.answer(Array($0.head.utf8)) }
        let head = String(decoding: try await get(server.url()).get().body, as: UTF8.self)
        #expect(head.hasPrefix("GET / HTTP/1.1\r\n"))
        #expect(head.contains("User-Agent: swarmfs-tests\r\n"))
        #expect(head.contains("Accept-Encoding: gzip\r\n"))
    }

    @Test func `a chunked body without a length is read to its end`() async throws {
        let server = try HTTPTestServer {
            $0.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            $0.send("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        }
        #expect(try await get(server.url()).get().body == Array("abcde".utf8))
    }

    @Test func `a gzip body is decompressed`() async throws {
        let text = Array("d8:intervali1800ee".utf8)
        let server = try HTTPTestServer {
            $0.answer(HTTPGzipSample.stored(text), headers: ["Content-Encoding: gzip"])
        }
        #expect(try await get(server.url()).get().body == text)
    }

    @Test func `a part of a resource can be asked for`() async throws {
        let server = try HTTPTestServer {
            $0.answer(Array($0.head.utf8), status: "206 Partial Content")
        }
        let response = try await get(server.url(), range: 5...9).get()
        let head = String(decoding: response.body, as: UTF8.self)
        #expect(response.status == 206)
        #expect(head.contains("Range: bytes=5-9\r\n"))
        #expect(!head.contains("Accept-Encoding"))
    }

    @Test func `up to five redirects are followed`() async throws {
        let server = try HTTPTestServer { exchange in
            let count = Int(exchange.path.dropFirst()) ?? 0
            if count < 5 {
                exchange.redirect(to: "/\(count + 1)")
            } else {
                exchange.answer([1])
            }
        }
        #expect(try await get(server.url("/0")).get().url == server.url("/5"))
    }

    @Test func `many requests run side by side`() async throws {
        let server = try HTTPTestServer { $0.answer(Array($0.path.utf8)) }
        let bodies = await withTaskGroup(of: [UInt8]?.self) { group in
            for number in 0..<100 {
                group.addTask { try? await get(server.url("/\(number)")).get().body }
            }
            return await group.reduce(into: Set<[UInt8]>()) { $0.insert($1 ?? []) }
        }
        #expect(bodies == Set((0..<100).map { Array("/\($0)".utf8) }))
    }

    // MARK: - What servers do wrong

    @Test func `a redirect loop ends`() async throws {
        let server = try HTTPTestServer { $0.redirect(to: $0.path) }
        #expect(await get(server.url()) == .failure(.tooManyRedirects))
        #expect(server.requestCount == 6)
    }

    @Test(arguments: ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:1/_x"])
    func `a redirect to another protocol is refused`(target: String) async throws {
        let server = try HTTPTestServer { $0.redirect(to: target) }
        guard case .failure(.unsupportedProtocol) = await get(server.url()) else {
            Issue.record("not refused")
            return
        }
    }

    @Test func `a body may have the limit's length and no byte more`() async throws {
        let server = try HTTPTestServer { $0.answer([UInt8](repeating: 7, count: 1000)) }
        #expect(try await get(server.url(), byteLimit: 1000).get().body.count == 1000)
        #expect(await get(server.url(), byteLimit: 999) == .failure(.tooLarge(limit: 999)))
    }

    @Test func `a body that never ends is cut at the limit`() async throws {
        let server = try HTTPTestServer {
            $0.send("HTTP/1.1 200 OK\r\n\r\n")
            while $0.send([UInt8](repeating: 0, count: 65536)) {}
        }
        #expect(await get(server.url(), byteLimit: 5 << 20) == .failure(.tooLarge(limit: 5 << 20)))
    }

    @Test func `a gzip bomb is cut at the limit`() async throws {
        // 1.6 MB that inflate to 258 MB.
        let bomb = HTTPGzipSample.bomb(matches: 1_000_000)
        let server = try HTTPTestServer {
            $0.answer(bomb, headers: ["Content-Encoding: gzip"])
        }
        #expect(await get(server.url()) == .failure(.tooLarge(limit: 1 << 20)))
    }

    @Test func `headers that never end are cut`() async throws {
        let server = try HTTPTestServer {
            $0.send("HTTP/1.1 200 OK\r\n")
            let line = "X: " + String(repeating: "x", count: 1000) + "\r\n"
            while $0.send(line) {}
        }
        #expect(await get(server.url()) == .failure(.headersTooLarge))
    }

    @Test func `a broken gzip body is an invalid response`() async throws {
        let server = try HTTPTestServer {
            $0.answer(Array("not gzip".utf8), headers: ["Content-Encoding: gzip"])
        }
        #expect(await get(server.url()) == .failure(.invalidResponse))
    }

    @Test(arguments: [404, 410, 500, 304])
    func `other statuses are errors`(status: Int) async throws {
        let server = try HTTPTestServer {
            $0.answer(status == 304 ? [] : [1, 2, 3], status: "\(status) X")
        }
        #expect(await get(server.url()) == .failure(.status(status)))
    }

    @Test(arguments: [
        "", "HTTP/1.1 200 OK\r\nContent-", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
    ])
    func `a connection that ends early is an error`(answer: String) async throws {
        let server = try HTTPTestServer { $0.send(answer) }
        #expect(await get(server.url()) == .failure(.closedEarly))
    }

    @Test func `an answer that is not HTTP is an error`() async throws {
        let server = try HTTPTestServer { $0.send("SSH-2.0-OpenSSH_9.2\r\n") }
        #expect(await get(server.url()) == .failure(.invalidResponse))
    }

    @Test func `TLS with a server that has none is an error`() async throws {
        let server = try HTTPTestServer { $0.answer([]) }
        let url = "https" + server.url().dropFirst(4)
        guard case .failure(.tls(let reason)) = await get(url) else {
            Issue.record("no TLS error")
            return
        }
        #expect(!reason.isEmpty)
    }

    // MARK: - No server at all

    @Test func `nobody listening is a refusal`() async throws {
        // Bound, so that no other test can get the port, and not listening.
        let (descriptor, port) = try LoopbackListener.open(listens: false)
        defer { close(descriptor) }
        #expect(await get("http://127.0.0.1:\(port)/") == .failure(.refused))
    }

    @Test func `a name without address is an error`() async {
        // Too long for the name service, so that no query leaves the machine.
        let url = "http://" + String(repeating: "a", count: 64) + ".invalid/"
        #expect(await get(url) == .failure(.hostNotFound))
    }

    @Test(arguments: ["", "x", "http//x", "http:// x/", "http://x/\u{0}", "http://[::1/"])
    func `what is no URL is refused`(url: String) async {
        #expect(await get(url) == .failure(.invalidURL))
    }

    @Test(arguments: ["file", "ftp", "gopher", "dict", "scp"])
    func `other schemes are refused`(scheme: String) async {
        #expect(
            await get(scheme + "://127.0.0.1/x") == .failure(.unsupportedProtocol(scheme)))
    }

    // MARK: - Time

    @Test func `a server that does not answer times out`() async throws {
        let server = try HTTPTestServer { $0.waitUntilClosed() }
        #expect(await get(server.url(), timeout: .milliseconds(100)) == .failure(.timedOut))
    }

    @Test func `a body that stalls times out`() async throws {
        let server = try HTTPTestServer {
            $0.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            $0.waitUntilClosed()
        }
        #expect(await get(server.url(), timeout: .milliseconds(200)) == .failure(.timedOut))
    }

    @Test func `a cancelled request ends with cancelled, once`() throws {
        let server = try HTTPTestServer { $0.waitUntilClosed() }
        let results = Condition<[Result<HTTPResponse, HTTPError>]>([])
        let id = client.get(HTTPRequest(url: server.url(), byteLimit: 1)) { result in
            results.update { $0.append(result) }
        }
        #expect(server.waitForRequests(1))
        client.cancel(id)
        client.cancel(id)
        client.cancel(id)
        let first = results.wait(until: .later) { $0.first }
        #expect(first == .failure(.cancelled))
        client.stop()
        #expect(results.wait { $0 } == [.failure(.cancelled)])
    }

    @Test func `stop ends all requests before it returns, each with cancelled`() throws {
        let server = try HTTPTestServer { $0.waitUntilClosed() }
        let results = Condition<[Result<HTTPResponse, HTTPError>]>([])
        for _ in 0..<50 {
            let request = HTTPRequest(url: server.url(), byteLimit: 1, timeout: .seconds(600))
            client.get(request) { result in results.update { $0.append(result) } }
        }
        #expect(server.waitForRequests(8))
        client.stop()
        let all = results.wait { $0 } ?? []
        #expect(all.count == 50)
        #expect(all.allSatisfy { $0 == .failure(.cancelled) })
    }

    @Test func `an address of the other family is not used`() async throws {
        let server = try HTTPTestServer { $0.answer([]) }
        let request = HTTPRequest(url: server.url(), byteLimit: 1, family: .v6)
        let result = await withCheckedContinuation { continuation in
            client.get(request) { continuation.resume(returning: $0) }
        }
        #expect(throws: HTTPError.self) { try result.get() }
        #expect(server.requestCount == 0)
    }

    @Test func `a request after stop is cancelled at once, and stop may come twice`() async {
        client.stop()
        client.stop()
        #expect(await get("http://127.0.0.1:1/") == .failure(.cancelled))
        client.cancel(client.get(HTTPRequest(url: "http://x/", byteLimit: 1)) { _ in })
    }

    @Test func `a client that is let go of cancels what it had under way`() throws {
        let server = try HTTPTestServer { $0.waitUntilClosed() }
        let result = Condition<Result<HTTPResponse, HTTPError>?>(nil)
        var client: HTTPClient? = try HTTPClient(userAgent: "swarmfs-tests")
        _ = client?.get(HTTPRequest(url: server.url(), byteLimit: 1)) { ended in
            result.update { $0 = ended }
        }
        #expect(server.waitForRequests(1))
        client = nil
        #expect(
            result.wait(until: .later) { $0 } == .failure(.cancelled))
    }

    @Test func `a completion may begin another request`() async throws {
        let server = try HTTPTestServer { $0.answer(Array($0.path.utf8)) }
        let client = client
        let body = await withCheckedContinuation { continuation in
            client.get(HTTPRequest(url: server.url("/1"), byteLimit: 10)) { _ in
                client.get(HTTPRequest(url: server.url("/2"), byteLimit: 10)) {
                    continuation.resume(returning: try? $0.get().body)
                }
            }
        }
        #expect(body == Array("/2".utf8))
    }

    @Test func `an error's description is one line`() {
        let errors: [HTTPError] = [
            .invalidURL, .unsupportedProtocol("ftp"), .hostNotFound, .refused,
            .unreachable("x"), .timedOut, .tls("x"), .status(404), .tooLarge(limit: 1),
            .headersTooLarge, .tooManyRedirects, .redirectedInward, .closedEarly,
            .invalidResponse, .cancelled, .other("x"),
        ]
        for error in errors {
            #expect(!error.description.isEmpty && !error.description.contains("\n"))
        }
    }
}

@Suite("Redirects into the private network are refused")
struct HTTPRedirectGuardTests {
    @Test(arguments: [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "0.0.0.0", "::1", "fe80::1", "fd00::1", "::", "fec0::1", "64:ff9b::a00:1",
    ])
    func `a private address may come first, but not after a public one`(text: String) throws {
        let address = try #require(IPAddress(text))
        let publicAddress = try #require(IPAddress("203.0.113.1"))
        var fresh = RedirectGuard()
        let answers = [address, publicAddress, address].map { fresh.allows($0) }
        #expect(answers == [true, true, false])
    }

    @Test(arguments: [
        "203.0.113.9", "11.0.0.1", "172.32.0.1", "172.15.0.1", "192.169.0.1", "100.128.0.1",
        "2001:db8::1", "64:ff9b::808:808",
    ])
    func `public addresses may follow each other`(text: String) throws {
        let address = try #require(IPAddress(text))
        var redirects = RedirectGuard()
        let answers = [address, address].map { redirects.allows($0) }
        #expect(answers == [true, true])
    }
}
