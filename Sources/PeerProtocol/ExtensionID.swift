/// The numbers that we give to extensions, by which peers then send to us (BEP 10).
///
/// They are libtorrent's own: some old clients ignore the table and expect them.
package enum ExtensionID {
    /// The extension handshake itself (BEP 10).
    package static let handshake: UInt8 = 0
    /// `ut_pex` (BEP 11).
    package static let peerExchange: UInt8 = 1
    /// `ut_metadata` (BEP 9).
    package static let metadata: UInt8 = 2
    /// `upload_only`, which changes the handshake's key of that name (BEP 21).
    package static let uploadOnly: UInt8 = 3
    /// `ut_holepunch` (BEP 55).
    package static let holepunch: UInt8 = 4
    /// `lt_donthave` (BEP 54).
    package static let dontHave: UInt8 = 7
    /// `sf_fetching`, an extension of ours: four bytes, the number of a piece that the sender has begun
    /// to fetch from a seed or a server. Who is about to do so too may wait for it to have it instead.
    package static let fetching: UInt8 = 8

    /// The most payload that a message of ours may carry; nil for a number that we gave to none.
    static func maximumPayload(_ identifier: UInt8) -> Int? {
        switch identifier {
        case handshake: PeerMessageLimits.extensionHandshake
        case metadata: PeerMessageLimits.metadataMessage
        case peerExchange: PeerMessageLimits.peerExchange
        case holepunch: HolepunchMessage.maximumLength
        case uploadOnly, dontHave, fetching: 4
        default: nil
        }
    }
}
