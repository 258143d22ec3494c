import Reactor
import Swarm
import TorrentCore

extension ShardContext {
    /// Addresses of ours that are counted: behind one router peers see one or two.
    private static let addressLimit = 16

    /// A peer or a tracker has said where it sees us (`yourip`, BEP 10; `external ip`, BEP 24). One
    /// may lie: of each family what most have said counts, and only for the order in which peers are
    /// dialled (BEP 40).
    func peerSees(_ address: IPAddress) {
        guard !address.isLoopback, !address.isUnroutable,
            ownAddressVotes[address] != nil || ownAddressVotes.count < Self.addressLimit
        else { return }
        ownAddressVotes[address, default: 0] += 1
        let family = ownAddressVotes.filter { $0.key.isV6 == address.isV6 }
        guard let most = family.max(by: { $0.value < $1.value })?.key else { return }
        ownAddresses.removeAll { $0.address.isV6 == address.isV6 }
        ownAddresses.append(Endpoint(address: most, port: listenPort))
    }

    /// Whether peers can reach us over IPv4 and over IPv6, as far as this machine is concerned.
    var hasBothFamilies: Bool {
        listeningAddresses.contains(where: \.isV6) && listeningAddresses.contains { !$0.isV6 }
    }

    /// Interfaces come and go; to ask the kernel for each connection would be too often.
    private static let interfaceLifetime = Interval.seconds(60)

    /// Public addresses of this machine at which peers are accepted, one of a family at most, to be
    /// told to trackers (BEP 7) and peers (BEP 10). Those of its interfaces only: what others say of
    /// us might be somebody else's address. None behind a proxy, which is there to hide them.
    func publicAddresses(now: Timestamp) -> [IPAddress] {
        guard !HTTPProxy.isConfigured else { return [] }
        if now >= publicAddressesExpire {
            publicAddressesExpire = now + Self.interfaceLifetime
            knownPublicAddresses = findPublicAddresses()
        }
        return knownPublicAddresses
    }

    private func findPublicAddresses() -> [IPAddress] {
        let own = NetworkInterface.all.flatMap(\.addresses)
        return [false, true].compactMap { isV6 in
            let wildcard = isV6 ? IPAddress.v6(0, 0) : .v4(0)
            let listening = listeningAddresses.filter { $0.isV6 == isV6 }
            let candidates = listening.contains(wildcard) ? own : listening
            return candidates.first { $0.isV6 == isV6 && !$0.isPrivate && !$0.isUnroutable }
        }
    }
}
