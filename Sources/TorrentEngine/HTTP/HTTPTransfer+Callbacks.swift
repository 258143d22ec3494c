import CCurl
import Glibc
import TorrentCore

/// What libcurl tells a transfer while it is under way.
extension HTTPTransfer {
    /// Takes a part of the body; false ends the transfer.
    func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if let sink = request.sink {
            if !begin() || !sink.receive(bytes) { ownError = .declined }
        } else if body.isEmpty, let status, !(200..<300).contains(status) {
            ownError = .status(status)
        } else if bytes.count > request.byteLimit - body.count {
            ownError = .tooLarge(limit: request.byteLimit)
        } else {
            body += bytes
        }
        return ownError == nil
    }

    /// Looks at a header line; false ends the transfer.
    func receiveHeader(_ line: UnsafeRawBufferPointer) -> Bool {
        headerBytes += line.count
        if headerBytes > Self.headerLimit { ownError = .headersTooLarge }
        if line.starts(with: "HTTP/".utf8) {
            hasAllHeaders = false
            head = HTTPHead()
        } else if line.elementsEqual("\r\n".utf8) || line.elementsEqual("\n".utf8) {
            hasAllHeaders = true
        } else if request.sink != nil {
            head.read(line)
        }
        return ownError == nil
    }

    /// Looks at the address of a connection before a request goes over it; false ends the transfer.
    func approve(_ address: String) -> Bool {
        // A link-local address may carry its zone, which says nothing here.
        guard let address = IPAddress(address.prefix { $0 != "%" }), redirects.allows(address)
        else {
            ownError = refusal
            return false
        }
        return true
    }

    /// Opens a socket for an address, unless nothing may go there.
    func open(_ wanted: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        guard let address = Self.address(wanted), redirects.mayConnect(to: address) else {
            hasRefusedAddress = true
            return CURL_SOCKET_BAD
        }
        let type = wanted.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
        return socket(wanted.pointee.family, type, wanted.pointee.protocol)
    }

    var refusal: HTTPError { request.publicOnly ? .privateAddress : .redirectedInward }

    /// Nil where the family is neither IPv4 nor IPv6. libcurl's structure ends in a `sockaddr` that
    /// stands for one of any family, of the length beside it.
    private static func address(_ wanted: UnsafeMutablePointer<curl_sockaddr>) -> IPAddress? {
        guard let start = MemoryLayout<curl_sockaddr>.offset(of: \.addr) else { return nil }
        let raw = UnsafeRawBufferPointer(
            start: UnsafeRawPointer(wanted) + start, count: Int(wanted.pointee.addrlen))
        switch wanted.pointee.family {
        case AF_INET: return IPAddress(raw.dropFirst(4).prefix(4))
        case AF_INET6: return IPAddress(raw.dropFirst(8).prefix(16))
        default: return nil
        }
    }
}

// Free functions: a closure could inherit an isolation that does not hold on libcurl's calls.

func receiveBody(
    _ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context else { return 0 }
    let transfer = Unmanaged<HTTPTransfer>.fromOpaque(context).takeUnretainedValue()
    let length = size * count
    return transfer.receive(UnsafeRawBufferPointer(start: data, count: length)) ? length : -1
}

func receiveHeaderLine(
    _ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context else { return 0 }
    let transfer = Unmanaged<HTTPTransfer>.fromOpaque(context).takeUnretainedValue()
    let line = UnsafeRawBufferPointer(start: data, count: size * count)
    return transfer.receiveHeader(line) ? size * count : -1
}

func approveConnection(
    _ context: UnsafeMutableRawPointer?, _ remoteAddress: UnsafeMutablePointer<CChar>?,
    _ localAddress: UnsafeMutablePointer<CChar>?, _ remotePort: Int32, _ localPort: Int32
) -> Int32 {
    guard let context, let remoteAddress else { return CURL_PREREQFUNC_ABORT }
    let transfer = Unmanaged<HTTPTransfer>.fromOpaque(context).takeUnretainedValue()
    return transfer.approve(String(cString: remoteAddress))
        ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}

func openSocket(
    _ context: UnsafeMutableRawPointer?, _ purpose: curlsocktype,
    _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let context, let address else { return CURL_SOCKET_BAD }
    return Unmanaged<HTTPTransfer>.fromOpaque(context).takeUnretainedValue().open(address)
}
