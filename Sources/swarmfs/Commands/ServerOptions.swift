import Glibc
import TorrentEngine

/// What the command line says about HTTP servers: web seeds, where metadata is, whom to trust.
struct ServerOptions {
    let webSeeds: [String]
    let metadataURLs: [String]
    let allowsPrivateURLs: Bool
    let authorities: String?

    init(_ arguments: ParsedArguments) throws(Failure) {
        webSeeds = try arguments.all("webseed", NetworkArguments.webSeed)
        metadataURLs = try arguments.all("metadata-url", Self.template)
        allowsPrivateURLs = arguments.has("local-urls")
        authorities = try arguments.last("ca-file", Self.file) ?? Self.environmentAuthorities
    }

    /// Tells the engine.
    func apply(to configuration: inout SessionConfiguration) {
        configuration.webSeeds = webSeeds
        configuration.metadataURLs = metadataURLs
        configuration.allowsPrivateURLs = allowsPrivateURLs
        configuration.authorities = authorities
    }

    private static func template(_ option: String, _ text: String) throws(Failure) -> String {
        let example = "https://archive.example/{infohash}.torrent"
        guard text.contains(Session.infohashPlaceholder) else {
            throw Failure(
                .usage, "\(option) \(text) has no {infohash}", "write it like \(example)")
        }
        return try NetworkArguments.webSeed(option, text)
    }

    private static func file(_ option: String, _ text: String) throws(Failure) -> String {
        let path = Places.absolute(text)
        guard access(path, R_OK) == 0 else {
            throw Failure(
                .usage, "\(option) \(text) cannot be read", "name a file of certificates (PEM)")
        }
        return path
    }

    /// The variable that programs with OpenSSL go by; libcurl itself does not.
    private static var environmentAuthorities: String? {
        guard let value = getenv("SSL_CERT_FILE"), value.pointee != 0 else { return nil }
        return String(cString: value)
    }
}
