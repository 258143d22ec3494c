/// How a hostile node of a simulated DHT behaves. All of them answer pings, so that they get into the
/// tables of others.
package enum DHTHostility: CaseIterable, Sendable {
    /// Names nodes that do not exist, next to whatever is asked for.
    case inventing
    /// Answers with noise, and sends noise to everybody.
    case babbling
    /// Asks everybody far more than anybody could need.
    case flooding
    /// Works with its like: claims to be next to one torrent, names only the others, and knows no peers.
    case eclipsing
}
