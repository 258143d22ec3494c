/// What a datagram has led to.
package enum UTPArrival {
    /// Nothing that anybody need know of.
    case nothing
    /// A connection has received something.
    case connection(UTPConnection)
    /// A peer has connected, and has shown that it receives at its address.
    case accepted(UTPConnection)
}
