// The peer wire protocol: what two BitTorrent clients say to each other over one connection.
//
// Codecs (BEP 3, 5, 6, 9, 10, 11, 21, 52, 54, 55) and one state machine a connection; beside it the
// encrypted handshake before it, the download of metadata, what is told of other peers, and the search
// on the local network (BEP 14). It is sans-I/O: bytes and times go in, actions and bytes come out. The
// owner of the socket asks `receiveTarget` where the next bytes belong, so a block's payload goes
// straight from the socket into its place in a piece, and never through here.
//
// What a peer sends is hostile until checked. Each message has a length limit of its own that is
// checked before its payload is read, nothing is allocated beyond what has arrived, and whatever
// breaks a rule ends in one `.close` with the reason. The rules are libtorrent's where BEPs are
// silent or clients disagree.
//
// No thread, no clock, no randomness but what is passed in. A machine belongs to whoever owns the
// socket.
