import CLinux
import Glibc
package import TorrentCore

/// Host names to addresses, on threads of its own, since `getaddrinfo` blocks.
package final class Resolver: Sendable {
    /// Enough that one dead name server does not hold up every other name.
    private static let threadCount = 2
    /// Requests beyond this many waiting ones fail: names come from torrents, too.
    private static let queueLimit = 1000

    private struct Request: Sendable {
        let host: String
        let port: UInt16
        let completion: @Sendable ([Endpoint]) -> Void
    }

    private struct Queue: Sendable {
        var requests: [Request] = []
        var isStopped = false
    }

    private let queue = Condition(Queue())

    /// Starts the threads.
    package init() throws(SystemError) {
        for _ in 0..<Self.threadCount {
            _ = try Thread(name: "resolver") { [queue] in
                while let request = queue.wait({ Self.next(&$0) }) ?? nil {
                    request.completion(Self.lookUp(request.host, request.port))
                }
            }
        }
    }

    /// Calls `completion` once, on any thread, with the addresses of `host`, none if it has none.
    /// A numeric address needs no look-up and is answered at once.
    package func resolve(
        _ host: String, port: UInt16, completion: @escaping @Sendable ([Endpoint]) -> Void
    ) {
        if let address = IPAddress(host) {
            completion([Endpoint(address: address, port: port)])
            return
        }
        let isQueued = queue.update { queue in
            guard !queue.isStopped, queue.requests.count < Self.queueLimit else { return false }
            queue.requests.append(Request(host: host, port: port, completion: completion))
            return true
        }
        if !isQueued { completion([]) }
    }

    /// Drops what waits; a look-up under way is left to end by itself.
    package func stop() {
        queue.update { queue in
            queue.isStopped = true
            queue.requests = []
        }
    }

    /// A request, nil inside when the threads are to end, nil outside to go on waiting.
    private static func next(_ queue: inout Queue) -> Request?? {
        if queue.isStopped { return .some(nil) }
        return queue.requests.isEmpty ? nil : .some(queue.requests.removeFirst())
    }

    private static func lookUp(_ host: String, _ port: UInt16) -> [Endpoint] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var endpoints: [Endpoint] = []
        var entry = list
        while let info = entry?.pointee {
            let address = SocketAddress { pointer, length in
                guard let source = info.ai_addr, info.ai_addrlen <= length.pointee else { return }
                memcpy(pointer, source, Int(info.ai_addrlen))
                length.pointee = info.ai_addrlen
            }
            if let found = address.endpoint?.address {
                let endpoint = Endpoint(address: found, port: port)
                if !endpoints.contains(endpoint) { endpoints.append(endpoint) }
            }
            entry = info.ai_next
        }
        return endpoints
    }
}
