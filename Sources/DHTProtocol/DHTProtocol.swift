// The DHT: finding peers, and keeping small items, without a tracker (BEP 5, 32, 33, 42, 43, 44, 51).
//
// `KRPCMessage` is the codec of its datagrams. `DHTStateMachine` is one node, in the IPv4 DHT, the
// IPv6 DHT or both: it keeps a `RoutingTable` for each, runs `Lookup`s, serves the queries of others
// from its `PeerStore` and `ItemStore`, and decides when it does what.
//
// Nothing here does I/O: the engine moves datagrams, resolves names, passes the time and the secrets
// in, and carries out the actions. Everything that arrives is hostile. Anybody can send, under any
// address: so tables, stores, lookups and rates are bounded, a node counts only once it has answered
// a query of ours, and no datagram makes us send more than its fair share to somebody else.
