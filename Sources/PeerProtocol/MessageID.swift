/// The identifiers of messages (BEP 3, 5, 6, 10, 52).
enum MessageID {
    static let choke: UInt8 = 0
    static let unchoke: UInt8 = 1
    static let interested: UInt8 = 2
    static let notInterested: UInt8 = 3
    static let have: UInt8 = 4
    static let bitfield: UInt8 = 5
    static let request: UInt8 = 6
    static let piece: UInt8 = 7
    static let cancel: UInt8 = 8
    static let port: UInt8 = 9
    static let suggest: UInt8 = 13
    static let haveAll: UInt8 = 14
    static let haveNone: UInt8 = 15
    static let reject: UInt8 = 16
    static let allowedFast: UInt8 = 17
    static let extended: UInt8 = 20
    static let hashRequest: UInt8 = 21
    static let hashes: UInt8 = 22
    static let hashReject: UInt8 = 23
}
