import TorrentCore

/// What other nodes say our address is (BEP 42): believed where enough of them agree, for one alone
/// may lie.
struct AddressVotes {
    /// Votes that are kept, the last of each network.
    private static let capacity = 24
    /// So many have to agree.
    static let quorum = 6

    private var votes: [(voter: SubnetKey?, endpoint: Endpoint, address: IPAddress)] = []
    /// The address that was agreed upon last.
    private(set) var address: IPAddress?

    /// Takes the vote of a node that has answered. Returns the address where it has become another.
    mutating func insert(_ address: IPAddress, from voter: Endpoint) -> IPAddress? {
        guard address.scope >= voter.address.scope, !address.isUnroutable else { return nil }
        let subnet = SubnetKey(voter.address)
        votes.removeAll { $0.endpoint == voter || (subnet != nil && $0.voter == subnet) }
        votes.append((subnet, voter, address))
        if votes.count > Self.capacity { votes.removeFirst() }
        let agreeing = votes.count { $0.address == address }
        guard address != self.address, agreeing >= Self.quorum, agreeing * 2 > votes.count else {
            return nil
        }
        self.address = address
        return address
    }
}
