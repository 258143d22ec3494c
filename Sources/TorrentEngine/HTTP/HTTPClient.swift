import Glibc
package import Reactor
import Synchronization

/// HTTP and HTTPS requests, any number at once, on one thread of its own (libcurl).
///
/// For trackers, .torrent files and web seeds. libcurl verifies certificates against the
/// system's authorities, and honours the usual proxy variables of the environment.
package final class HTTPClient: Sendable {
    private let worker: HTTPWorker
    private let thread: Thread
    private let nextID = Atomic<UInt64>(0)

    /// Starts the thread. Throws where libcurl or the system cannot.
    ///
    /// - Parameter authorities: a file of certificates (PEM) to trust instead of the system's.
    package init(userAgent: String, authorities: String? = nil) throws(SystemError) {
        guard let worker = HTTPWorker(userAgent: userAgent, authorities: authorities) else {
            throw SystemError(ENOMEM, "set up libcurl")
        }
        do throws(SystemError) {
            thread = try Thread(name: "http") { worker.run() }
        } catch {
            worker.discard()
            throw error
        }
        self.worker = worker
    }

    /// Lets the thread end without waiting for it: the last reference may be a completion's.
    deinit { worker.stop() }

    /// Begins a request. `completion` is called exactly once, on the client's thread (or, after
    /// `stop`, on this one before `get` returns): it must hand the result on and not block.
    @discardableResult
    package func get(
        _ request: HTTPRequest,
        completion: @escaping @Sendable (Result<HTTPResponse, HTTPError>) -> Void
    ) -> HTTPRequestID {
        let id = HTTPRequestID(
            rawValue: nextID.wrappingAdd(1, ordering: .relaxed).newValue)
        if !worker.start(id, request, completion) { completion(.failure(.cancelled)) }
        return id
    }

    /// Ends a request; its completion gets `cancelled` soon, unless it got its result before.
    package func cancel(_ id: HTTPRequestID) { worker.cancel(id) }

    /// Ends all requests with `cancelled`, closes all connections and waits for the thread, which
    /// takes well under 100 ms. Not from a completion. Requests that come later are `cancelled`.
    package func stop() {
        worker.stop()
        thread.join()
    }
}
