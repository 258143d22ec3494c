import PeerProtocol
import TorrentCore

/// Feeds the parser of local announcements; what it accepts must survive a round trip.
enum LocalAnnouncementFuzzer {
    static func run(_ bytes: Span<UInt8>) {
        guard let announcement = LocalAnnouncement(parsing: [UInt8](copying: bytes)) else { return }
        let datagram = announcement.encoded(for: LocalAnnouncement.groupV6)
        precondition(datagram.count <= LocalAnnouncement.maximumLength)
        precondition(LocalAnnouncement(parsing: datagram) == announcement)
    }
}
