import CLinux
import Glibc
package import TorrentCore

/// Memory for datagrams that one system call moves, used again and again: receiving or queueing one
/// allocates nothing.
package final class DatagramBatch {
    /// How many datagrams there is room for: as many as one system call moves.
    package static let capacity = Int(SWARMFS_DATAGRAMS_PER_CALL)
    /// Bytes of the longest datagram: what Ethernet carries without fragments (1500), and room to
    /// see that one is longer.
    package static let datagramLength = 2048

    private let memory: UnsafeMutableRawBufferPointer
    private let datagrams: UnsafeMutablePointer<swarmfs_datagram>
    /// The first datagram that has not been sent.
    private var head = 0
    /// Where the next datagram is put.
    private var end = 0

    /// Room for `capacity` datagrams, 136 KiB.
    package init() {
        memory = .allocate(byteCount: Self.capacity * Self.datagramLength, alignment: 16)
        datagrams = .allocate(capacity: Self.capacity)
        datagrams.initialize(repeating: swarmfs_datagram(), count: Self.capacity)
        for index in 0..<Self.capacity {
            datagrams[index].bytes = memory.baseAddress.map { $0 + index * Self.datagramLength }
        }
    }

    deinit {
        memory.deallocate()
        datagrams.deallocate()
    }

    /// How many datagrams it holds.
    package var count: Int { end - head }

    /// Whether nothing more can be queued before the rest is sent.
    package var isFull: Bool { end == Self.capacity }

    /// Queues a copy of a datagram; false, and nothing queued, where it is too long or there is no
    /// room.
    package func append(_ bytes: UnsafeRawBufferPointer, to endpoint: Endpoint) -> Bool {
        guard !isFull, bytes.count <= Self.datagramLength else { return false }
        UnsafeMutableRawBufferPointer(rebasing: slot(end)).copyMemory(from: bytes)
        datagrams[end].length = UInt32(bytes.count)
        datagrams[end].address_length = withUnsafeMutableBytes(of: &datagrams[end].address) {
            UInt32(SocketAddress.store(endpoint, in: $0))
        }
        end += 1
        return true
    }

    /// The bytes of a datagram that was received, valid until the next call of `receive`.
    package func bytes(_ index: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: slot(index).prefix(Int(datagrams[index].length)))
    }

    /// Who sent a datagram that was received.
    package func sender(_ index: Int) -> Endpoint? {
        SocketAddress(datagrams[index].address).endpoint
    }

    /// Takes what waits at a socket, at most `capacity` datagrams, in place of what was held. Those
    /// that are too long come out empty. Nothing where nothing waits.
    package func receive(from socket: DatagramSocket) {
        head = 0
        end = 0
        while true {
            let count = swarmfs_receive_datagrams(
                socket.descriptor, datagrams, UInt32(Self.capacity), UInt32(Self.datagramLength))
            if count >= 0 {
                end = Int(count)
                return
            }
            // ICMP errors of earlier datagrams come back here; the next one may be fine.
            guard errno == EINTR || errno == ECONNREFUSED else { return }
        }
    }

    /// Sends what is queued; false where the socket takes no more now, and the rest is kept. A
    /// datagram that the system refuses (no route, longer than the link takes) is dropped.
    package func send(over socket: DatagramSocket) -> Bool {
        while head < end {
            let sent = swarmfs_send_datagrams(
                socket.descriptor, datagrams + head, UInt32(end - head))
            if sent > 0 {
                head += Int(sent)
            } else if errno == EAGAIN {
                return false
            } else if errno != EINTR {
                head += 1
            }
        }
        head = 0
        end = 0
        return true
    }

    private func slot(_ index: Int) -> Slice<UnsafeMutableRawBufferPointer> {
        memory[(index * Self.datagramLength)..<((index + 1) * Self.datagramLength)]
    }
}
