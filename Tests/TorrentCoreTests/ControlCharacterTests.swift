import Testing
import TorrentCore

@Suite("Control characters in text of others")
struct ControlCharacterTests {
    @Test func `all 65 are known, those beyond ASCII too, and nothing else`() {
        let controls = (0...0x2FFF as ClosedRange<UInt32>).compactMap { Unicode.Scalar($0) }
            .filter(\.isControl)
        #expect(controls.count == 65)
        #expect(controls.allSatisfy { $0.properties.generalCategory == .control })
        #expect(controls.contains("\u{9B}"))
    }
}
