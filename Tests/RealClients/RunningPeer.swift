/// A real BitTorrent client that has one torrent.
package protocol RunningPeer {
    /// Where it accepts connections.
    var address: PeerAddress { get }
    /// The client itself, for its output and its end.
    var process: ChildProcess { get }
    /// Waits until it has every piece and its files are on disk.
    func waitUntilComplete() throws
    /// Waits until it has at least one piece.
    func waitForProgress() throws
}

extension RunningPeer {
    /// Ends the client.
    package func end() {
        process.terminate()
    }
}
