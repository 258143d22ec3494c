import CCurl
import Glibc
import TorrentCore
import TrackerProtocol

/// One request under way: an easy handle and what it has brought. Confined to the client's thread.
final class HTTPTransfer {
    /// Most redirects that are followed.
    static let redirectLimit = 5
    /// Most bytes of headers, over all redirects: enough for any real server, and libcurl itself
    /// has no limit on their sum.
    static let headerLimit = 256 << 10
    /// Room for what one read of a fast stream brings.
    private static let streamBuffer = 256 << 10

    let request: HTTPRequest
    let completion: @Sendable (Result<HTTPResponse, HTTPError>) -> Void
    let handle: UnsafeMutableRawPointer
    private let errorText: UnsafeMutablePointer<CChar>
    var body: [UInt8] = []
    var headerBytes = 0
    /// Whether the empty line after the headers has come: libcurl takes a connection that ends
    /// before it for an answer without a body.
    var hasAllHeaders = false
    var redirects: RedirectGuard
    var head = HTTPHead()
    var hasBegun = false
    /// Whether some address was not connected to since it is private.
    var hasRefusedAddress = false
    /// Why a callback ended the transfer.
    var ownError: HTTPError?

    /// Nil where libcurl has no memory for a handle.
    init?(
        _ request: HTTPRequest,
        completion: @escaping @Sendable (Result<HTTPResponse, HTTPError>) -> Void
    ) {
        guard let handle = curl_easy_init() else { return nil }
        self.request = request
        self.completion = completion
        redirects = RedirectGuard(
            publicOnly: request.publicOnly && !HTTPProxy.isConfigured)
        self.handle = handle
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        curl_easy_cleanup(handle)
        errorText.deallocate()
    }

    /// Sets the handle up. `self` must outlive the transfer: the handle refers to it unretained.
    func prepare(userAgent: String, authorities: String?) throws(HTTPError) {
        try Self.check(request.url)
        let context = Unmanaged.passUnretained(self).toOpaque()
        var failed = false
        func set(_ code: CURLcode) { failed = failed || code != CURLE_OK }
        func set(_ option: CURLoption, _ value: Int) {
            set(swarmfs_curl_set_long(handle, option, value))
        }
        func set(_ option: CURLoption, _ value: String) {
            set(swarmfs_curl_set_string(handle, option, value))
        }
        set(CURLOPT_URL, request.url)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
        set(CURLOPT_FOLLOWLOCATION, 1)
        set(CURLOPT_MAXREDIRS, Self.redirectLimit)
        set(CURLOPT_USERAGENT, userAgent)
        set(CURLOPT_NOSIGNAL, 1)
        // Without it, giving up on a slow name server waits for the resolver's thread.
        set(CURLOPT_QUICK_EXIT, 1)
        set(CURLOPT_CONNECTTIMEOUT_MS, Int(request.connectTimeout.millisecondsRoundedUp))
        set(CURLOPT_TIMEOUT_MS, Int(request.timeout.millisecondsRoundedUp))
        if let authorities { set(CURLOPT_CAINFO, authorities) }
        if request.sink != nil { prepareStream(set) }
        switch request.family {
        case .any: set(CURLOPT_IPRESOLVE, Int(CURL_IPRESOLVE_WHATEVER))
        case .v4: set(CURLOPT_IPRESOLVE, Int(CURL_IPRESOLVE_V4))
        case .v6: set(CURLOPT_IPRESOLVE, Int(CURL_IPRESOLVE_V6))
        }
        if let range = request.range {
            set(CURLOPT_RANGE, "\(range.lowerBound)-\(range.upperBound)")
        } else {
            set(CURLOPT_ACCEPT_ENCODING, "gzip")
        }
        set(swarmfs_curl_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText))
        set(swarmfs_curl_set_pointer(handle, CURLOPT_WRITEDATA, context))
        set(swarmfs_curl_set_write_function(handle, receiveBody))
        set(swarmfs_curl_set_pointer(handle, CURLOPT_HEADERDATA, context))
        set(swarmfs_curl_set_header_function(handle, receiveHeaderLine))
        set(swarmfs_curl_set_pointer(handle, CURLOPT_OPENSOCKETDATA, context))
        set(swarmfs_curl_set_open_socket_function(handle, openSocket))
        set(swarmfs_curl_set_pointer(handle, CURLOPT_PREREQDATA, context))
        set(swarmfs_curl_set_prereq_function(handle, approveConnection))
        guard !failed else { throw .other("libcurl does not support an option") }
    }

    /// What differs where the body goes to a sink.
    private func prepareStream(_ set: (CURLoption, Int) -> Void) {
        set(CURLOPT_LOW_SPEED_LIMIT, HTTPRequest.slowestRate)
        set(CURLOPT_LOW_SPEED_TIME, Int(HTTPRequest.slowestTime.seconds))
        set(CURLOPT_BUFFERSIZE, Self.streamBuffer)
        // Rather another stream of a connection that is being opened than another connection.
        set(CURLOPT_PIPEWAIT, 1)
    }

    /// What the transfer has come to, once libcurl has done with it.
    func result(_ code: CURLcode) -> Result<HTTPResponse, HTTPError> {
        if let ownError { return .failure(ownError) }
        guard code == CURLE_OK else { return .failure(error(code)) }
        guard hasAllHeaders else { return .failure(.closedEarly) }
        // An answer without a body.
        if request.sink != nil, !begin() { return .failure(.declined) }
        guard let status, (200..<300).contains(status) else {
            return .failure(.status(status ?? 0))
        }
        return .success(
            HTTPResponse(
                status: status, url: effectiveURL,
                isFromPrivateNetwork: !redirects.hasBeenPublic, body: body))
    }

    /// Where the answer came from, after redirects.
    private var effectiveURL: String {
        var url: UnsafeMutablePointer<CChar>?
        swarmfs_curl_get_pointer(handle, CURLINFO_EFFECTIVE_URL, &url)
        return url.map { String(cString: $0) } ?? request.url
    }

    /// Shows the sink the head, once.
    func begin() -> Bool {
        guard !hasBegun else { return true }
        hasBegun = true
        head.status = status ?? 0
        return request.sink?.begin(head) ?? true
    }

    // MARK: - Errors

    private static func check(_ url: String) throws(HTTPError) {
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }),
            let colon = url.firstIndex(of: ":"), url[colon...].hasPrefix("://")
        else { throw .invalidURL }
        let scheme = url[..<colon].lowercased()
        guard scheme == "http" || scheme == "https" else { throw .unsupportedProtocol(scheme) }
    }

    var status: Int? {
        var status = 0
        swarmfs_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
        return status == 0 ? nil : status
    }

    private func error(_ code: CURLcode) -> HTTPError {
        switch code {
        case CURLE_URL_MALFORMAT: return .invalidURL
        case CURLE_UNSUPPORTED_PROTOCOL:
            // libcurl gives the same code to an answer without a status line.
            return detail(code).hasPrefix("Received HTTP/0.9")
                ? .invalidResponse : .unsupportedProtocol(detail(code))
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: return .hostNotFound
        case CURLE_COULDNT_CONNECT where hasRefusedAddress: return refusal
        case CURLE_COULDNT_CONNECT:
            var number = 0
            swarmfs_curl_get_long(handle, CURLINFO_OS_ERRNO, &number)
            if number == Int(ECONNREFUSED) { return .refused }
            return .unreachable(
                number == 0 ? detail(code) : String(cString: strerror(Int32(number))))
        case CURLE_OPERATION_TIMEDOUT: return .timedOut
        case CURLE_TOO_MANY_REDIRECTS: return .tooManyRedirects
        case CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_PARTIAL_FILE:
            return .closedEarly
        case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING: return .invalidResponse
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CIPHER, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR,
            CURLE_SSL_CRL_BADFILE, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_ENGINE_NOTFOUND,
            CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_ENGINE_INITFAILED,
            CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_CLIENTCERT, CURLE_USE_SSL_FAILED:
            return .tls(detail(code))
        default: return .other(detail(code))
        }
    }

    /// libcurl's own words, on one line.
    private func detail(_ code: CURLcode) -> String {
        let text = String(cString: errorText)
        let words = text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
        return String(words.map { $0.isNewline ? " " : $0 })
    }
}
