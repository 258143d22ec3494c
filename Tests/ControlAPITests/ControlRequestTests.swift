import ControlAPI
import Testing
import TorrentCore

@Suite("Control requests")
struct ControlRequestTests {
    private static let samples: [ControlRequest] = [
        .status, .unmount, .progress(task: 3), .cancel(task: 4),
        .start(.verify(torrent: nil, repair: true)),
        .start(.verify(torrent: "0123", repair: false)),
        .start(.prefetch(paths: ["a b", "ä/\"\n"], range: ByteSpan(start: 5, end: nil))),
        .start(.prefetch(paths: [""], range: nil)), .start(.pin(paths: ["x"])),
        .start(.unpin(paths: [])), .start(.evictTorrent("0123")),
        .start(.evict(paths: ["a/b"])), .limit(LimitChange(maxDownload: 5, maxUpload: nil)),
        .limit(LimitChange(maxDownload: nil, maxUpload: 0)),
    ]

    @Test(arguments: samples)
    func `a request survives encoding`(request: ControlRequest) throws {
        #expect(try ControlRequest(parsing: request.encoded.span) == request)
    }

    @Test func `unknown keys and white space are ignored`() throws {
        let line = Array(#" { "verbose": [1, {}], "request" : "status" } "#.utf8)
        #expect(try ControlRequest(parsing: line.span) == .status)
    }

    @Test(arguments: [
        "", "status", "[]", "null", #"{"request":1}"#, #"{"request":null}"#, "{}",
        #"{"request":"status""#, "\u{0}",
    ])
    func `anything but an object with a string request is malformed`(text: String) {
        let line = Array(text.utf8)
        #expect(
            throws: ControlError.malformedRequest("not an object with a string `request`")
        ) { try ControlRequest(parsing: line.span) }
    }

    @Test func `an unknown request is refused by name of the fault, not of the request`() {
        let line = Array(#"{"request":"\u001b[2J"}"#.utf8)
        #expect(throws: ControlError.malformedRequest("unknown request")) {
            try ControlRequest(parsing: line.span)
        }
    }

    @Test(arguments: [
        (#"{"request":"progress"}"#, "no `task`"), (#"{"request":"pin"}"#, "no `paths`"),
        (#"{"request":"evict"}"#, "no `paths`"),
        (
            #"{"request":"prefetch","paths":[],"range":{"start":5,"end":4}}"#,
            "the range ends before it starts"
        ),
        (
            #"{"request":"prefetch","paths":[],"range":{"start":-1}}"#,
            "the range ends before it starts"
        ),
    ])
    func `a request that lacks what it needs is refused`(text: String, reason: String) {
        let line = Array(text.utf8)
        #expect(throws: ControlError.malformedRequest(reason)) {
            try ControlRequest(parsing: line.span)
        }
    }

    @Test func `no truncation of a valid request is taken for one`() {
        for request in Self.samples {
            let line = request.encoded
            for length in 0..<line.count {
                let part = Array(line[..<length])
                #expect(throws: ControlError.self) { try ControlRequest(parsing: part.span) }
            }
        }
    }

    @Test func `a request above the limit is refused before it is looked at`() {
        let line = [UInt8](repeating: UInt8(ascii: " "), count: ControlRequest.maximumLength + 1)
        #expect(throws: ControlError.requestTooLong) { try ControlRequest(parsing: line.span) }
    }

    @Test func `deep nesting is refused`() {
        let line =
            Array(#"{"request":"#.utf8) + [UInt8](repeating: UInt8(ascii: "["), count: 60_000)
        #expect(throws: ControlError.self) { try ControlRequest(parsing: line.span) }
    }

    @Test func `random changes never crash the parser`() {
        var random = SeededRandom(seed: 7)
        let sample = ControlRequest.unmount.encoded
        for _ in 0..<3000 {
            var line = sample
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                line[Int.random(in: 0..<line.count, using: &random)] = .random(
                    in: 0...255, using: &random)
            }
            _ = try? ControlRequest(parsing: line.span)
        }
    }
}
