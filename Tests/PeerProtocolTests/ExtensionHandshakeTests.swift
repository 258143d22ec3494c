import PeerProtocol
import Testing
import TorrentCore

@Suite("Extension handshake (BEP 10)")
struct ExtensionHandshakeTests {
    /// As libtorrent 2 sends it, with keys that we do not know.
    static let sample =
        "d1:ei0e4:ipv44:\u{1}\u{2}\u{3}\u{4}12:complete_agoi1e1:md11:lt_donthavei7e"
        + "10:share_modei8e11:upload_onlyi3e12:ut_holepunchi4e11:ut_metadatai2e6:ut_pexi1ee"
        + "13:metadata_sizei31235e1:pi6881e4:reqqi2000e11:upload_onlyi1e"
        + "1:v17:libtorrent/2.0.9.6:yourip4:\u{7F}\u{0}\u{0}\u{1}e"

    private static func parse(_ text: String) throws(PeerCloseReason) -> ExtensionHandshake {
        try ExtensionHandshake(parsing: Array(text.utf8))
    }

    @Test func `everything that is named is read`() throws {
        let handshake = try Self.parse(Self.sample)
        #expect(handshake.metadataID == 2)
        #expect(handshake.dontHaveID == 7)
        #expect(handshake.uploadOnlyID == 3)
        #expect(handshake.peerExchangeID == 1)
        #expect(handshake.metadataSize == 31235)
        #expect(handshake.listenPort == 6881)
        #expect(handshake.requestLimit == 2000)
        #expect(handshake.isUploadOnly == true)
        #expect(handshake.clientName == "libtorrent/2.0.9.")
        #expect(handshake.yourAddress == IPAddress("127.0.0.1"))
        #expect(handshake.addressV4 == IPAddress("1.2.3.4"))
        #expect(handshake.addressV6 == nil)
        #expect(handshake.completeAgo == 1)
    }

    @Test func `our own extension is written among the others`() throws {
        var handshake = ExtensionHandshake()
        handshake.fetchingID = 8
        handshake.dontHaveID = 7
        handshake.uploadOnlyID = 3
        #expect(
            String(decoding: handshake.encoded(), as: UTF8.self)
                == "d1:md11:lt_donthavei7e11:sf_fetchingi8e11:upload_onlyi3eee")
        #expect(try ExtensionHandshake(parsing: handshake.encoded()) == handshake)
    }

    @Test func `an empty dictionary says nothing`() throws {
        #expect(try Self.parse("de") == ExtensionHandshake())
    }

    @Test func `what is written is read back`() throws {
        let handshake = try Self.parse(Self.sample)
        #expect(try ExtensionHandshake(parsing: handshake.encoded()) == handshake)
        #expect(
            String(decoding: ExtensionHandshake().encoded(), as: UTF8.self) == "d1:mdee")
    }

    @Test func `values that make no sense count as absent`() throws {
        let texts = [
            "d1:mle1:pi0e4:reqqi0e1:vi1e6:yourip3:abc13:metadata_sizei0e11:upload_only0:e",
            "d1:pi65536e4:reqqi-1e6:yourip0:13:metadata_sizei-5e4:ipv416:0123456789abcdefe",
            "d1:pi-1e4:ipv64:abcd13:metadata_sizei268435457e1:md11:ut_metadatai256eee",
            "d1:md11:ut_metadatai-1e11:lt_donthave1:7e1:p4:6881e",
            "d12:complete_agoi-1ee", "d12:complete_agoi9223372036854775807ee",
            "d4:reqqi99999999999999999999999e1:pi99999999999999999999e1:m0:e",
        ]
        for text in texts {
            #expect(try Self.parse(text) == ExtensionHandshake())
        }
    }

    @Test func `a huge request limit is cut to what means something`() throws {
        #expect(try Self.parse("d4:reqqi2000000000ee").requestLimit == 65_536)
    }

    @Test func `the client's name has no control characters and an end`() throws {
        #expect(try Self.parse("d1:v9:a\u{1B}[31m\n\u{7F}be").clientName == "a[31mb")
        let long = String(repeating: "x", count: 5000)
        #expect(try Self.parse("d1:v5000:\(long)e").clientName?.count == 100)
    }

    @Test func `keys out of order and bytes behind the dictionary are tolerated`() throws {
        #expect(try Self.parse("d1:v1:x1:pi5eeTRAILER").listenPort == 5)
    }

    @Test func `every truncation is refused`() {
        let bytes = Array(Self.sample.utf8)
        for count in 0..<bytes.count {
            #expect(throws: PeerCloseReason.invalidExtensionHandshake) {
                try ExtensionHandshake(parsing: Array(bytes[..<count]))
            }
        }
        for other in ["le", "i1e", "1:a"] {
            #expect(throws: PeerCloseReason.invalidExtensionHandshake) { try Self.parse(other) }
        }
    }

    @Test func `random damage never crashes the parser`() {
        var random = SeededRandom(seed: 10)
        for _ in 0..<5000 {
            var bytes = Array(Self.sample.utf8)
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                bytes[index] = .random(in: 0...255, using: &random)
            }
            guard let handshake = try? ExtensionHandshake(parsing: bytes) else { continue }
            #expect((try? ExtensionHandshake(parsing: handshake.encoded())) != nil)
        }
    }
}
