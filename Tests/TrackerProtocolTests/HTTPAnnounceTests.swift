import Testing
import TorrentCore
import TrackerProtocol

@Suite("HTTP announce URLs (BEP 3, BEP 23)")
struct HTTPAnnounceURLTests {
    private static let expected =
        "info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=bbbbbbbbbbbbbbbbbbbb&port=6881&uploaded=1"
        + "&downloaded=2&left=3&compact=1&no_peer_id=1&numwant=200&key=00000ABC&supportcrypto=1"

    @Test func `every parameter that trackers look at is there`() {
        #expect(
            HTTPAnnounce.url("http://t.example/announce", request())
                == "http://t.example/announce?" + Self.expected)
    }

    @Test(arguments: [
        ("http://t/a?passkey=x", "http://t/a?passkey=x&"), ("http://t/a?", "http://t/a?"),
        ("http://t/a?x=1&", "http://t/a?x=1&"), ("http://t/a#f", "http://t/a?"),
    ])
    func `a query in the URL is kept`(base: String, prefix: String) {
        #expect(HTTPAnnounce.url(base, request()) == prefix + Self.expected)
    }

    @Test func `arbitrary bytes are percent-encoded one by one`() throws {
        let bytes: [UInt8] = [
            0, 0x20, 0x25, 0x26, 0x2B, 0x2D, 0x2E, 0x2F, 0x30, 0x3D, 0x3F, 0x41, 0x5F, 0x61, 0x7E,
            0x7F, 0x80, 0xC3, 0xB6, 0xFF,
        ]
        var announce = request()
        announce.infoHash = try #require(SHA1Digest(bytes))
        #expect(
            HTTPAnnounce.url("http://t/a", announce).contains(
                "info_hash=%00%20%25%26%2B-.%2F0%3D%3FA_a~%7F%80%C3%B6%FF&"))
    }

    @Test(arguments: [
        (AnnounceEvent.none, nil), (.started, "&event=started"), (.completed, "&event=completed"),
        (.stopped, "&event=stopped"),
    ])
    func `the event is there only when there is one`(event: AnnounceEvent, text: String?) {
        let url = HTTPAnnounce.url("http://t/a", request(event))
        #expect(url.contains("event=") == (text != nil))
        if let text { #expect(url.hasSuffix(text)) }
    }

    @Test func `stopped asks for no peers`() {
        #expect(HTTPAnnounce.url("http://t/a", request(.stopped)).contains("&numwant=0&"))
    }

    @Test func `our addresses of both families are told (BEP 7)`() throws {
        var announce = request()
        announce.addresses = [
            try #require(IPAddress("203.0.113.7")),
            try #require(IPAddress("2001::53aa:64c:0:7f83:bc43:dec9")),
        ]
        #expect(
            HTTPAnnounce.url("http://t/a", announce).contains(
                "&ipv4=203.0.113.7&ipv6=2001%3A0%3A53aa%3A64c%3A0%3A7f83%3Abc43%3Adec9&"))
    }

    @Test func `the tracker id goes back as it came`() {
        #expect(
            HTTPAnnounce.url("http://t/a", request(trackerID: [0x00, 0x41]))
                .hasSuffix("&trackerid=%00A"))
    }
}

@Suite("HTTP announce replies (BEP 3, 7, 23, 24, 31)")
struct HTTPAnnounceReplyTests {
    /// A reply with everything in it, peers in the compact form.
    static let full: [UInt8] =
        Array("d8:completei3e11:external ip4:".utf8) + [203, 0, 113, 5]
        + Array("10:incompletei4e8:intervali1800e12:min intervali600e5:peers12:".utf8)
        + [192, 0, 2, 1, 0x1A, 0xE1, 192, 0, 2, 2, 0x00, 0x50]
        + Array("6:peers618:".utf8)
        + [0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x1A, 0xE1]
        + Array("10:tracker id3:xyz15:warning message4:slowe".utf8)
    static let listed = Array(
        ("d8:intervali900e5:peersld2:ip9:192.0.2.17:peer id20:aaaaaaaaaaaaaaaaaaaa4:porti6881ee"
            + "d2:ip11:2001:db8::14:porti1eed2:ip9:localhost4:porti2eed4:porti3eei5eee").utf8)
    static let failure = Array("d14:failure reason12:not allowed.8:retry in5:nevere".utf8)

    @Test func `a full reply is understood`() throws {
        let response = try HTTPAnnounce.parse(Self.full)
        #expect(response.interval == .seconds(1800))
        #expect(response.minInterval == .seconds(600))
        #expect(response.seeders == 3)
        #expect(response.leechers == 4)
        #expect(response.trackerID == Array("xyz".utf8))
        #expect(response.warning == "slow")
        #expect(response.externalAddress == IPAddress("203.0.113.5"))
        #expect(
            response.peers.map(\.description)
                == ["192.0.2.1:6881", "192.0.2.2:80", "[2001:db8::1]:6881"])
    }

    @Test func `peers in the long form are understood, host names passed over`() throws {
        let response = try HTTPAnnounce.parse(Self.listed)
        #expect(response.peers.map(\.description) == ["192.0.2.1:6881", "[2001:db8::1]:1"])
        #expect(response.seeders == nil)
        #expect(response.externalAddress == nil)
    }

    @Test func `an empty dictionary is an answer without peers`() throws {
        let response = try HTTPAnnounce.parse(Array("de".utf8))
        #expect(response.peers.isEmpty)
        #expect(response.interval == AnnounceResponse.standardInterval)
        #expect(response.minInterval == AnnounceResponse.standardMinInterval)
    }

    @Test func `a rest of less than a peer is ignored`() throws {
        let reply = Array("d5:peers8:".utf8) + [1, 2, 3, 4, 0, 5, 9, 9] + Array("e".utf8)
        #expect(try HTTPAnnounce.parse(reply).peers == [endpoint("1.2.3.4:5")])
    }

    @Test func `peers that can never be dialled are left out`() throws {
        let reply =
            Array("d5:peers24:".utf8)
            + [1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 9, 224, 0, 0, 1, 0, 9, 1, 2, 3, 4, 0, 9]
            + Array("e".utf8)
        #expect(try HTTPAnnounce.parse(reply).peers == [endpoint("1.2.3.4:9")])
    }

    @Test func `no more peers than the limit are taken`() throws {
        let count = AnnounceResponse.peerLimit + 10
        let compact = (0..<count).flatMap { number -> [UInt8] in
            [10, 0, UInt8(number >> 8), UInt8(number & 255), 0, 1]
        }
        let reply = Array("d5:peers\(compact.count):".utf8) + compact + Array("e".utf8)
        #expect(try HTTPAnnounce.parse(reply).peers.count == AnnounceResponse.peerLimit)
        let listed =
            "d5:peersl" + String(repeating: "d2:ip7:1.2.3.44:porti9ee", count: count) + "ee"
        #expect(
            try HTTPAnnounce.parse(Array(listed.utf8)).peers.count == AnnounceResponse.peerLimit)
    }

    @Test(arguments: [
        ("d14:failure reason4:gonee", "gone", TrackerError.RetryAdvice.unspecified),
        ("d14:failure reason4:gone8:retry in5:nevere", "gone", .never),
        ("d14:failure reason4:gone8:retry ini5ee", "gone", .after(.seconds(300))),
        ("d14:failure reason4:gone8:retry ini-5ee", "gone", .unspecified),
        ("d14:failure reason3:a\nb8:intervali5ee", "a?b", .unspecified),
    ])
    func `a failure reason is an error with advice`(
        reply: String, reason: String, retry: TrackerError.RetryAdvice
    ) {
        #expect(throws: TrackerError.refused(reason: reason, retry: retry)) {
            try HTTPAnnounce.parse(Array(reply.utf8))
        }
    }

    @Test func `a failure reason is cut to a line`() {
        let page = String(repeating: "x", count: 5000)
        #expect {
            try HTTPAnnounce.parse(Array("d14:failure reason5000:\(page)e".utf8))
        } throws: { error in
            "\(error)".utf8.count < 300
        }
    }

    @Test(arguments: ["", "<html>", "le", "i5e", "d", "d8:intervali5e", "3:abc"])
    func `what is no dictionary is malformed`(reply: String) {
        #expect {
            try HTTPAnnounce.parse(Array(reply.utf8))
        } throws: { error in
            if case .malformed? = error as? TrackerError { true } else { false }
        }
    }

    @Test(
        arguments: [
            (nil, nil, 1800.0, 60.0), (1, nil, 30, 30), (1800, 60, 1800, 60),
            (Int64.max, nil, 10800, 60), (-5, -5, 30, 30), (120, 600, 600, 600), (45, nil, 45, 45),
            (Int64.min, Int64.max, 10800, 10800),
        ] as [(Int64?, Int64?, Double, Double)])
    func `intervals are clamped to sane bounds`(
        interval: Int64?, minInterval: Int64?, expected: Double, expectedMin: Double
    ) {
        let response = AnnounceResponse(
            intervalSeconds: interval, minIntervalSeconds: minInterval, peers: [])
        #expect(response.interval == .seconds(expected))
        #expect(response.minInterval == .seconds(expectedMin))
    }

    @Test(arguments: [full, listed, failure])
    func `no truncation of a reply is taken for a reply`(reply: [UInt8]) {
        for length in 0..<reply.count {
            #expect {
                try HTTPAnnounce.parse(Array(reply[..<length]))
            } throws: { error in
                if case .malformed? = error as? TrackerError { true } else { false }
            }
        }
    }

    @Test(arguments: [full, listed, failure])
    func `mutated replies never crash and stay bounded`(reply: [UInt8]) {
        var random = SeededRandom(seed: 1)
        for _ in 0..<4000 {
            guard let response = try? HTTPAnnounce.parse(mutate(reply, &random)) else { continue }
            #expect(response.interval <= AnnounceResponse.longestInterval)
            #expect(response.interval >= AnnounceResponse.shortestInterval)
            #expect(response.minInterval <= response.interval)
        }
    }
}

@Suite("HTTP scrape (BEP 48)")
struct HTTPScrapeTests {
    @Test(arguments: [
        ("http://t/announce", "http://t/scrape?info_hash="),
        ("http://t/x/announce", "http://t/x/scrape?info_hash="),
        ("http://t/announce.php", "http://t/scrape.php?info_hash="),
        ("http://t/announce?x=2%0644", "http://t/scrape?x=2%0644&info_hash="),
        ("http://t/a", nil), ("http://t/announce/x", nil), ("http://t/x?announce", nil),
    ])
    func `the scrape URL follows from the announce URL`(announce: String, scrape: String?) {
        #expect(
            HTTPScrape.url(announce, [digest(0x61)])
                == scrape.map { $0 + String(repeating: "a", count: 20) })
    }

    static let reply = Array(
        ("d5:filesd20:aaaaaaaaaaaaaaaaaaaad8:completei1e10:downloadedi2e10:incompletei3ee"
            + "20:bbbbbbbbbbbbbbbbbbbbd8:completei-1eeee").utf8)

    @Test func `counts are given for the torrents asked for`() throws {
        let entries = try HTTPScrape.parse(
            Self.reply, [digest(0x61), digest(0x62), digest(0x63)])
        #expect(
            entries == [
                digest(0x61): ScrapeEntry(seeders: 1, completed: 2, leechers: 3),
                digest(0x62): ScrapeEntry(seeders: 0, completed: 0, leechers: 0),
            ])
    }

    @Test func `no truncation of a scrape is taken for one`() {
        for length in 0..<Self.reply.count {
            #expect(throws: TrackerError.self) {
                try HTTPScrape.parse(Array(Self.reply[..<length]), [digest(0x61)])
            }
        }
    }

    @Test func `mutated scrapes never crash`() {
        var random = SeededRandom(seed: 2)
        for _ in 0..<4000 {
            _ = try? HTTPScrape.parse(mutate(Self.reply, &random), [digest(0x61)])
        }
    }
}
