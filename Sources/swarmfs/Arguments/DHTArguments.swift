import Reactor
import TorrentEngine

/// What the command line says of the DHT.
enum DHTArguments {
    /// How to take part; nil: not at all.
    static func options(_ arguments: ParsedArguments) throws(Failure) -> DHTOptions? {
        let bootstrap = try arguments.all("dht-bootstrap", NetworkArguments.peer)
        guard !arguments.has("no-dht") else {
            guard bootstrap.isEmpty else {
                throw Failure(
                    .usage, "--no-dht and --dht-bootstrap contradict each other", "give one of them"
                )
            }
            return nil
        }
        return DHTOptions(
            bootstrap: bootstrap.isEmpty ? nil : bootstrap, stateFile: Places.dhtStateFile)
    }
}
