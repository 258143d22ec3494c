import TorrentCore

/// What a node has of one of the two DHTs.
struct DHTSide {
    let family: AddressFamily
    var table: RoutingTable
    var votes = AddressVotes()
    var reachability = Reachability.unknown
    /// Endpoints that lead into the DHT; whether they are routers, which are not ordinary nodes and have
    /// no place in a table.
    var bootstrapEndpoints: [Endpoint: Bool] = [:]
    /// Nodes of the last run, until the first lookup has taken them.
    var savedContacts: [NodeContact] = []
    /// When to look for ourselves; nil: not now.
    var bootstrapDue: Timestamp?
    var bootstrapLookup: DHTLookupID?
    var bootstrapFailures = 0
    var isBootstrapped = false

    init(family: AddressFamily, ownID: NodeID, now: Timestamp) {
        self.family = family
        table = RoutingTable(ownID: ownID, now: now)
    }

    var ownID: NodeID { table.ownID }

    /// Whether there is anybody to ask.
    var hasContacts: Bool {
        table.count > 0 || !bootstrapEndpoints.isEmpty || !savedContacts.isEmpty
    }
}
