import Foundation
import RealClients
import Testing

@Suite("A local DHT of ours and libtorrent's nodes (BEP 5)", .realClients, .serialized)
struct DHTTests {
    private static let nodes = 32

    @Test func `a bare infohash finds libtorrent's seeder by the DHT alone`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed, seed: 31)
            let torrent = try bed.torrent(of: data)
            let infohash = try #require(torrent.infohash)
            let dht = try LocalDHT(
                ours: Self.nodes, theirs: Self.nodes, seed: (torrent.path, data.parent))
            bed.atEnd { dht.end() }
            try dht.waitUntilJoined()
            let mount = try bed.mount(
                [infohash], options: ["--dht-bootstrap", dht.ours[Self.nodes - 1]])
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
            let status = try #require(try mount.report().dht)
            #expect(status.nodes >= 8)
        }
    }

    @Test func `libtorrent finds our seeder by our announce in the DHT alone`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed, seed: 32)
            let torrent = try bed.torrent(of: data)
            let folder = try bed.newFolder("download")
            let magnet = "magnet:?xt=urn:btih:\(try #require(torrent.infohash))"
            let dht = try LocalDHT(
                ours: Self.nodes, theirs: Self.nodes, leech: (magnet, folder))
            bed.atEnd { dht.end() }
            try dht.waitUntilJoined()
            _ = try bed.seed(
                torrent, data, options: ["--dht-bootstrap", dht.theirs[Self.nodes - 1]])
            try dht.waitUntilComplete()
            #expect(
                FileComparison.differences(data, in: folder, madeBy: .libtorrent) == [])
        }
    }
}
