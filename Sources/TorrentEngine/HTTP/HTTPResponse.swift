/// What a server answered to a request that succeeded.
package struct HTTPResponse: Equatable, Sendable {
    /// The status, from 200 to 299.
    package let status: Int
    /// The URL that gave the answer, after redirects.
    package let url: String
    /// Whether every host that was asked for it is in this machine's own networks.
    package let isFromPrivateNetwork: Bool
    /// The body, decompressed.
    package let body: [UInt8]
}
