/// Options of the DHT, the same in `mount` and `seed`.
extension OptionDefinition {
    /// No part in the DHT.
    static let noDHT = OptionDefinition(
        name: "no-dht", help: "Neither look for peers in the DHT nor be found there.")

    /// Another way into the DHT.
    static let dhtBootstrap = OptionDefinition(
        name: "dht-bootstrap", value: "HOST:PORT",
        help: """
            Enter the DHT through this node, and not through public ones or those of the last time. \
            Repeatable.
            """)
}
