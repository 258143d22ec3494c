import Swarm
import Testing
import TorrentCore

@Suite("Piece availability")
struct PieceAvailabilityTests {
    private func counts(_ availability: PieceAvailability, _ pieces: Int) -> [Int] {
        (0..<pieces).map { availability.count(of: PieceIndex($0)) }
    }

    @Test func `bitfields, seeds and haves add up and come off again`() {
        var availability = PieceAvailability(pieceCount: 6)
        var first = World.pieces("**..*.")
        let second = World.pieces(".*...*")
        availability.add(first)
        availability.add(second)
        availability.addSeed()
        #expect(counts(availability, 6) == [2, 3, 1, 1, 2, 2])
        availability.gained(PieceIndex(3))
        first[PieceIndex(3)] = true
        #expect(counts(availability, 6) == [2, 3, 1, 2, 2, 2])
        availability.remove(first)
        availability.removeSeed()
        #expect(counts(availability, 6) == [0, 1, 0, 0, 0, 1])
        availability.lost(PieceIndex(1))
        #expect(counts(availability, 6) == [0, 0, 0, 0, 0, 1])
        #expect(availability.partialPeerCount == 1)
        #expect(availability.seedCount == 0)
    }

    @Test func `a seed that loses pieces and gets them back counts for what it has`() {
        var availability = PieceAvailability(pieceCount: 4)
        availability.addSeed()
        availability.addSeed()
        availability.seedLost(PieceIndex(1))
        availability.lost(PieceIndex(3))
        #expect(counts(availability, 4) == [2, 1, 2, 1])
        #expect(availability.seedCount == 1)
        #expect(availability.partialPeerCount == 1)
        availability.gained(PieceIndex(3))
        availability.gained(PieceIndex(1))
        availability.seedReturned()
        #expect(counts(availability, 4) == [2, 2, 2, 2])
        #expect(availability.seedCount == 2)
        #expect(availability.partialPeerCount == 0)
        availability.seedLost(PieceIndex(2))
        availability.removeFormerSeed(World.pieces("**.*"))
        #expect(counts(availability, 4) == [1, 1, 1, 1])
        #expect(availability.seedCount == 1)
        #expect(availability.partialPeerCount == 0)
    }

    @Test func `fields of every length count right`() {
        for length in 1..<200 {
            var availability = PieceAvailability(pieceCount: length)
            var bits = Bitfield(count: length)
            for piece in stride(from: length % 3, to: length, by: 3) {
                bits[PieceIndex(piece)] = true
            }
            availability.add(bits)
            #expect(
                counts(availability, length) == (0..<length).map { $0 % 3 == length % 3 ? 1 : 0 })
        }
    }
}
