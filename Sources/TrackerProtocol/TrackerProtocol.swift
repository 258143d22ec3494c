// Trackers: what is said to them, and when.
//
// `HTTPAnnounce`, `HTTPScrape` and `UDPTrackerMessage` are codecs. `UDPTrackerStateMachine` speaks
// BEP 15 with one endpoint for any number of torrents. `AnnounceStateMachine` decides for one
// torrent which tracker hears what and when (BEP 12), whatever the transport.
//
// Nothing here does I/O: the engine resolves names, moves datagrams and HTTP bodies, passes the
// time in, and carries out the actions. Replies are hostile input: lengths, counts, numbers and
// texts are bounded here, and a bad reply is a `TrackerError`.
