import Foundation

/// The Python programs that lie beside this file.
package enum PythonScript: String, Sendable {
    case libtorrentDHT = "libtorrent_dht.py"
    case libtorrentPeer = "libtorrent_peer.py"
    case recordingTracker = "recording_tracker.py"
    case reader = "reader.py"

    /// The command that runs it. Debian's own interpreter: libtorrent and numpy are its packages.
    package var command: [String] {
        let folder = (#filePath as NSString).deletingLastPathComponent
        // -B: nothing is to be left beside the sources.
        return ["/usr/bin/python3", "-B", folder + "/" + rawValue]
    }
}
