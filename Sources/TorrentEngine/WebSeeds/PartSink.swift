import Reactor
import Swarm
import TorrentCore

/// Takes the answer to one request of a run: only what is exactly the part that was asked for.
final class PartSink: HTTPBodySink {
    private struct State {
        var left: Int
        var failure: WebSeedFailure?
    }

    private let landing: RunLanding
    private let number: Int
    private let part: RunPart
    private let fileLength: Int64
    private let onBegin: @Sendable () -> Void
    private let state: Locked<State>

    /// - Parameter onBegin: called on the client's thread when the part begins to arrive.
    init(
        _ part: RunPart, number: Int, fileLength: Int64, landing: RunLanding,
        onBegin: @escaping @Sendable () -> Void
    ) {
        self.part = part
        self.number = number
        self.fileLength = fileLength
        self.landing = landing
        self.onBegin = onBegin
        state = Locked(State(left: part.length))
    }

    func begin(_ head: HTTPHead) -> Bool {
        let response = WebSeedResponse(
            status: head.status, contentRange: head.contentRange,
            contentLength: head.contentLength, contentEncoding: head.contentEncoding,
            retryAfter: head.retryAfter)
        do throws(WebSeedFailure) {
            try response.check(part.range, fileLength: fileLength)
        } catch {
            state.withLock { $0.failure = error }
            return false
        }
        onBegin()
        return true
    }

    func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let isWanted = state.withLock { state in
            guard bytes.count <= state.left else {
                state.failure = .wrongRange
                return false
            }
            state.left -= bytes.count
            return true
        }
        if isWanted { landing.write(bytes, part: number) }
        return isWanted
    }

    /// What has become of the request.
    func failure(_ result: Result<HTTPResponse, HTTPError>) -> WebSeedFailure? {
        let (left, failure) = state.withLock { ($0.left, $0.failure) }
        if let failure { return failure }
        switch result {
        case .success: return left == 0 ? nil : .unreachable("sent less than it said")
        case .failure(.privateAddress), .failure(.redirectedInward), .failure(.invalidURL),
            .failure(.unsupportedProtocol):
            guard case .failure(let error) = result else { return nil }
            return .forbidden(error.description)
        case .failure(.tooManyRedirects): return .refused(status: 302)
        case .failure(let error): return .unreachable(error.description)
        }
    }
}
