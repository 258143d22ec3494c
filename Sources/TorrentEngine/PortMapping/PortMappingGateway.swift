import TorrentCore

/// A router that forwards ports. Its calls block for a bounded time, so they belong to a thread of
/// their own.
protocol PortMappingGateway: AnyObject {
    /// For the log.
    var name: String { get }

    /// Has `port` of the outside forwarded to the same port of this machine for so many seconds;
    /// the port of the outside, which may be another one, or nil where the router refuses.
    func map(_ port: UInt16, _ transport: MappedTransport, seconds: Int) -> UInt16?

    /// Ends that.
    func unmap(_ port: UInt16, external: UInt16, _ transport: MappedTransport)
}
