import CCurl
import Reactor

/// The loop behind `HTTPClient`: one multi handle, driven by one thread, told what to do through a
/// queue.
final class HTTPWorker: Sendable {
    typealias Completion = @Sendable (Result<HTTPResponse, HTTPError>) -> Void

    /// Most connections at once; further requests wait, within their time-outs.
    private static let connectionLimit = 200
    /// Most connections to one host, so that a tracker of many torrents is not flooded.
    private static let hostConnectionLimit = 8
    /// Most idle connections kept for the next request.
    private static let idleConnectionLimit = 32
    /// Longest sleep. Nothing depends on it: libcurl's own timers and wake-ups end it earlier.
    private static let longestPoll: Int32 = 60_000

    private enum Command {
        case start(HTTPRequestID, HTTPRequest, Completion)
        case cancel(HTTPRequestID)
    }

    private struct Queue {
        var commands: [Command] = []
        var isStopping = false
    }

    private let queue = Locked(Queue())
    private let userAgent: String
    private let authorities: String?
    // Safe: only `curl_multi_wakeup`, which is made for it, is called from other threads, under
    // the queue's lock and not once `isStopping` is set; the worker's thread frees it after that.
    private nonisolated(unsafe) let multi: UnsafeMutableRawPointer

    /// Nil where libcurl cannot be set up.
    init?(userAgent: String, authorities: String?) {
        guard isCurlReady, let multi = curl_multi_init() else { return nil }
        self.multi = multi
        self.userAgent = userAgent
        self.authorities = authorities
        _ = swarmfs_curl_multi_set_long(
            multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, Self.connectionLimit)
        _ = swarmfs_curl_multi_set_long(
            multi, CURLMOPT_MAX_HOST_CONNECTIONS, Self.hostConnectionLimit)
        _ = swarmfs_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, Self.idleConnectionLimit)
    }

    /// Frees the handle of a worker whose thread could not be started.
    func discard() {
        queue.withLock { $0.isStopping = true }
        curl_multi_cleanup(multi)
    }

    // MARK: - From any thread

    /// Queues a request; false after `stop`.
    func start(
        _ id: HTTPRequestID, _ request: HTTPRequest, _ completion: @escaping Completion
    ) -> Bool {
        post(.start(id, request, completion))
    }

    func cancel(_ id: HTTPRequestID) { _ = post(.cancel(id)) }

    /// Makes `run` return soon.
    func stop() {
        queue.withLock { queue in
            guard !queue.isStopping else { return }
            queue.isStopping = true
            curl_multi_wakeup(multi)
        }
    }

    private func post(_ command: Command) -> Bool {
        queue.withLock { queue in
            guard !queue.isStopping else { return false }
            queue.commands.append(command)
            curl_multi_wakeup(multi)
            return true
        }
    }

    // MARK: - The thread

    /// Carries out requests until `stop`, then ends all that are left with `cancelled`.
    func run() {
        var transfers: [HTTPRequestID: HTTPTransfer] = [:]
        var ids: [UnsafeMutableRawPointer: HTTPRequestID] = [:]
        var isStopping = false
        while !isStopping {
            let commands = queue.withLock { queue in
                isStopping = queue.isStopping
                defer { queue.commands = [] }
                return queue.commands
            }
            for command in commands {
                switch command {
                case .start(let id, let request, let completion):
                    if isStopping {
                        completion(.failure(.cancelled))
                    } else if let transfer = begin(request, completion) {
                        transfers[id] = transfer
                        ids[transfer.handle] = id
                    }
                case .cancel(let id):
                    if let transfer = transfers.removeValue(forKey: id) {
                        ids[transfer.handle] = nil
                        end(transfer, .failure(.cancelled))
                    }
                }
            }
            guard !isStopping else { break }
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            while let (handle, code) = nextDone() {
                guard let id = ids.removeValue(forKey: handle),
                    let transfer = transfers.removeValue(forKey: id)
                else { continue }
                end(transfer, transfer.result(code))
            }
            curl_multi_poll(multi, nil, 0, Self.longestPoll, nil)
        }
        for transfer in transfers.values { end(transfer, .failure(.cancelled)) }
        transfers = [:]
        curl_multi_cleanup(multi)
    }

    /// Puts a request under way; nil where it has failed at once.
    private func begin(_ request: HTTPRequest, _ completion: @escaping Completion) -> HTTPTransfer?
    {
        guard let transfer = HTTPTransfer(request, completion: completion) else {
            completion(.failure(.other("out of memory")))
            return nil
        }
        do throws(HTTPError) {
            try transfer.prepare(userAgent: userAgent, authorities: authorities)
        } catch {
            completion(.failure(error))
            return nil
        }
        guard curl_multi_add_handle(multi, transfer.handle) == CURLM_OK else {
            completion(.failure(.other("libcurl refuses the request")))
            return nil
        }
        return transfer
    }

    private func end(_ transfer: HTTPTransfer, _ result: Result<HTTPResponse, HTTPError>) {
        curl_multi_remove_handle(multi, transfer.handle)
        transfer.completion(result)
    }

    private func nextDone() -> (UnsafeMutableRawPointer, CURLcode)? {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            if message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle {
                return (handle, message.pointee.data.result)
            }
        }
        return nil
    }
}

/// libcurl's state for the whole process, set up once, by whichever thread comes first.
private let isCurlReady = curl_global_init(Int(CURL_GLOBAL_SSL)) == CURLE_OK
