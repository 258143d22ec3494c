import CLinux

/// What `epoll_wait` says of one descriptor.
package struct ReadyEvent: Sendable {
    /// What the descriptor was registered with.
    package let token: UInt64
    /// Reading will not block: data, a connection to accept, end of stream, or an error to fetch.
    package let isReadable: Bool
    /// Writing will not block, or will report the error.
    package let isWritable: Bool

    init(_ event: epoll_event) {
        var event = event
        token = swarmfs_epoll_token(&event)
        let failed = EPOLLERR.rawValue | EPOLLHUP.rawValue
        isReadable = event.events & (EPOLLIN.rawValue | EPOLLRDHUP.rawValue | failed) != 0
        isWritable = event.events & (EPOLLOUT.rawValue | failed) != 0
    }
}
