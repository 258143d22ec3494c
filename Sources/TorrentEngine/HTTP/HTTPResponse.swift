/// What a server answered to a request that succeeded.
package struct HTTPResponse: Equatable, Sendable {
    /// The status, from 200 to 299.
    package let status: Int
    /// The URL that gave the answer, after redirects.
    package let url: String
    /// The body, decompressed.
    package let body: [UInt8]
}
