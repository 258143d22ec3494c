import TorrentCore

/// RC4, which message stream encryption uses to look like nothing in particular. It keeps no secret
/// from anybody who tries, and nothing here relies on that.
///
/// Written out, since OpenSSL 3 has it in its legacy provider only, which few systems install.
package final class RC4: StreamCipher {
    private let state: UnsafeMutablePointer<UInt8>
    private var first: UInt8 = 0
    private var second: UInt8 = 0

    package init(key: [UInt8]) {
        precondition((1...256).contains(key.count), "an RC4 key has 1 to 256 bytes")
        state = .allocate(capacity: 256)
        for index in 0..<256 { state[index] = UInt8(index) }
        var other: UInt8 = 0
        for index in 0..<256 {
            other = other &+ state[index] &+ key[index % key.count]
            (state[index], state[Int(other)]) = (state[Int(other)], state[index])
        }
    }

    deinit { state.deallocate() }

    package func apply(to bytes: UnsafeMutableRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        let text = start.assumingMemoryBound(to: UInt8.self)
        let state = self.state
        var first = self.first
        var second = self.second
        for index in 0..<bytes.count {
            first = first &+ 1
            let left = state[Int(first)]
            second = second &+ left
            let right = state[Int(second)]
            state[Int(first)] = right
            state[Int(second)] = left
            text[index] ^= state[Int(left &+ right)]
        }
        self.first = first
        self.second = second
    }
}
