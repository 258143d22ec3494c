/// Options that are about HTTP servers; see `ServerOptions`.
extension OptionDefinition {
    /// A server that has the files.
    static let webSeed = OptionDefinition(
        name: "webseed", value: "URL",
        help: """
            Read from this http(s) server too, where no peer is quick enough: the URL of the \
            file, or of the folder that holds the torrent's (BEP 19). Repeatable.
            """)

    /// Where .torrent files are kept.
    static let metadataURL = OptionDefinition(
        name: "metadata-url", value: "TEMPLATE",
        help: """
            Where an http(s) server keeps .torrent files, {infohash} standing for the infohash; \
            asked beside peers for what was named by its infohash only. Repeatable.
            """)

    /// Whether a torrent's URLs may be local.
    static let localURLs = OptionDefinition(
        name: "local-urls",
        help: """
            Let trackers and web seeds that a torrent names be in this machine's own networks \
            (loopback, private, link-local). Those of the command line always may.
            """)

    /// Whom to trust with TLS.
    static let authorities = OptionDefinition(
        name: "ca-file", value: "FILE",
        help: """
            Trust these certificate authorities (PEM) instead of the system's. Default: \
            $SSL_CERT_FILE.
            """)
}
