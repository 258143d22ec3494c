import Glibc

/// The proxy that the environment names, which libcurl uses by itself.
enum HTTPProxy {
    /// Whether there is one. Then it is the proxy that connections go to, and it, not we, decides
    /// where requests may lead.
    static let isConfigured =
        isSet("http_proxy") || isSet("https_proxy") || isSet("HTTPS_PROXY")
        || isSet("all_proxy") || isSet("ALL_PROXY")

    private static func isSet(_ name: String) -> Bool {
        getenv(name).map { $0.pointee != 0 } ?? false
    }
}
