import Glibc

/// The parsers that `scripts/fuzz` feeds, by the name it gives them.
private let parsers: [String: @Sendable (Span<UInt8>) -> Void] = [
    "Bencode": { BencodeFuzzer.run($0) },
    "ContentRange": { ContentRangeFuzzer.run($0) },
    "ControlRequest": { ControlRequestFuzzer.run($0) },
    "EncryptionHandshake": { EncryptionHandshakeFuzzer.run($0) },
    "DHT": { DHTFuzzer.run($0) },
    "ExtensionHandshake": { ExtensionHandshakeFuzzer.run($0) },
    "HTTPTracker": { HTTPTrackerFuzzer.run($0) },
    "Handshake": { HandshakeFuzzer.run($0) },
    "HolepunchMessage": { HolepunchMessageFuzzer.run($0) },
    "LocalAnnouncement": { LocalAnnouncementFuzzer.run($0) },
    "Magnet": { MagnetFuzzer.run($0) },
    "MetadataMessage": { MetadataMessageFuzzer.run($0) },
    "Metainfo": { MetainfoFuzzer.run($0) },
    "PeerExchange": { PeerExchangeFuzzer.run($0) },
    "PeerStream": { PeerStreamFuzzer.run($0) },
    "TrackerURL": { TrackerURLFuzzer.run($0) },
    "UDPTracker": { UDPTrackerFuzzer.run($0) },
    "UTP": { UTPFuzzer.run($0) },
]

/// The one that `FUZZ_TARGET` names.
private let parser: @Sendable (Span<UInt8>) -> Void = {
    let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let parser = parsers[name] else {
        let names = parsers.keys.sorted().joined(separator: " ")
        let message = "FUZZ_TARGET must be one of: \(names)\n"
        _ = message.withCString { write(STDERR_FILENO, $0, strlen($0)) }
        exit(2)
    }
    return parser
}()

/// What libFuzzer calls once, before the first input: a wrong name ends the run here, and not as
/// a crash of an input.
@c(LLVMFuzzerInitialize)
func initializeFuzzer(
    _ count: UnsafeMutablePointer<CInt>?,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>?
) -> CInt {
    _ = parser
    return 0
}

/// What libFuzzer calls with each input.
@c(LLVMFuzzerTestOneInput)
func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    parser(UnsafeBufferPointer(start: start, count: count).span)
    return 0
}
