import TorrentCore

extension ShardContext {
    /// Addresses of ours that are counted: behind one router peers see one or two.
    private static let addressLimit = 16

    /// A peer has said where it sees us (`yourip`, BEP 10). One may lie: what most have said counts,
    /// and only for the order in which peers are dialled (BEP 40).
    func peerSees(_ address: IPAddress) {
        guard !address.isLoopback, !address.isUnroutable,
            ownAddressVotes[address] != nil || ownAddressVotes.count < Self.addressLimit
        else { return }
        ownAddressVotes[address, default: 0] += 1
        ownAddress = ownAddressVotes.max { $0.value < $1.value }
            .map { Endpoint(address: $0.key, port: listenPort) }
    }
}
