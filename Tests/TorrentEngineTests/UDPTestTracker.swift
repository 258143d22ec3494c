/// A UDP tracker (BEP 15) on the loopback that knows no peers and notes what it is told.
final class UDPTestTracker: Sendable {
    private let server: UDPTestServer
    let record = AnnounceRecord()

    init() throws {
        let record = record
        server = try UDPTestServer { Self.answer($0, record) }
    }

    var port: UInt16 { server.port }

    private static func answer(
        _ request: ArraySlice<UInt8>, _ record: AnnounceRecord
    ) -> [UInt8]? {
        guard request.count >= 16 else { return nil }
        let transaction = request[12..<16]
        switch request[11] {
        case 0: return [0, 0, 0, 0] + transaction + [1, 2, 3, 4, 5, 6, 7, 8]
        case 2:
            // Seeders, completed, leechers.
            return [0, 0, 0, 2] + transaction + [0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 7]
        default:
            guard request.count >= 98, request[..<8].elementsEqual([1, 2, 3, 4, 5, 6, 7, 8])
            else { return nil }
            let left = request[64..<72].reduce(Int64(0)) { $0 << 8 | Int64($1) }
            let events = ["", "completed", "started", "stopped"]
            record.add(event: events[Int(request[83]) & 3], left: left)
            // Interval, leechers, seeders.
            return [0, 0, 0, 1] + transaction + [0, 0, 7, 8, 0, 0, 0, 1, 0, 0, 0, 1]
        }
    }
}
