import TorrentCore

/// The header of a packet, and where in its datagram the rest is (BEP 29).
package struct UTPPacket: Equatable, Sendable {
    /// Bytes of the header, without extensions.
    package static let headerLength = 20
    /// Selective acknowledgement.
    package static let selectiveExtension: UInt8 = 1
    /// Eight bytes of bits that mean nothing (BEP 29, "extension bits"). They stand before padding:
    /// libutp, and so Transmission and uTorrent, takes a packet whose first extension is beyond 2
    /// for one of an older version, and answers it with a RESET.
    package static let bitsExtension: UInt8 = 2
    private static let bitsLength = 8
    /// An extension that nobody knows, and everybody skips: it makes a packet long enough to probe
    /// the path.
    package static let paddingExtension: UInt8 = 0xFE
    /// The least that padding takes.
    package static let leastPadding = 2 + bitsLength + 2
    private static let version: UInt8 = 1

    /// What the packet is.
    package var kind: UTPPacketKind
    /// The receiver's name of the connection; in a SYN, the one that answers are to carry.
    package var connectionID: UInt16
    /// When it was sent, microseconds of the sender's clock.
    package var timestamp: UInt32
    /// The difference of clocks and delay that the sender saw in the last packet from the receiver,
    /// microseconds; zero before there was one.
    package var delay: UInt32
    /// How many more bytes the sender takes.
    package var window: UInt32
    /// The packet's number.
    package var sequence: UTPSequenceNumber
    /// The last number of which, and of all before which, the sender has received the packet.
    package var acknowledgement: UTPSequenceNumber
    /// Where the bits of the selective acknowledgement are; empty without one.
    package private(set) var selective = 0..<0
    /// Where the payload begins; it goes to the datagram's end.
    package private(set) var payloadStart = headerLength

    /// A header without extensions.
    package init(
        kind: UTPPacketKind, connectionID: UInt16, timestamp: UInt32, delay: UInt32,
        window: UInt32, sequence: UTPSequenceNumber, acknowledgement: UTPSequenceNumber
    ) {
        self.kind = kind
        self.connectionID = connectionID
        self.timestamp = timestamp
        self.delay = delay
        self.window = window
        self.sequence = sequence
        self.acknowledgement = acknowledgement
    }

    /// Reads a datagram; nil where it is no packet of version 1, or an extension runs past the end.
    /// Unknown extensions are skipped. Linear in the datagram, nothing is copied.
    package init?(_ datagram: Span<UInt8>) {
        var reader = ByteReader(datagram)
        guard let first = reader.read(UInt8.self), first & 0x0F == Self.version,
            let kind = UTPPacketKind(rawValue: first >> 4),
            var next = reader.read(UInt8.self),
            let connectionID = reader.read(UInt16.self),
            let timestamp = reader.read(UInt32.self),
            let delay = reader.read(UInt32.self),
            let window = reader.read(UInt32.self),
            let sequence = reader.read(UInt16.self),
            let acknowledgement = reader.read(UInt16.self)
        else { return nil }
        self.init(
            kind: kind, connectionID: connectionID, timestamp: timestamp, delay: delay,
            window: window, sequence: UTPSequenceNumber(sequence),
            acknowledgement: UTPSequenceNumber(acknowledgement))
        while next != 0 {
            let current = next
            guard let following = reader.read(UInt8.self),
                let length = reader.read(UInt8.self),
                reader.readSpan(Int(length)) != nil
            else { return nil }
            if current == Self.selectiveExtension {
                // BEP 29 has multiples of 32 bits; libtorrent sends any number of bytes.
                selective = (reader.position - Int(length))..<reader.position
            }
            next = following
        }
        payloadStart = reader.position
    }

    /// Writes the header, then `selective` bits (a multiple of 32, none for no extension), then
    /// `padding` bytes of extensions (none or at least `leastPadding`), and gives their length. The
    /// room must suffice.
    package func write(
        to room: UnsafeMutableRawBufferPointer, selective: some Collection<UInt8>, padding: Int = 0
    ) -> Int {
        let afterSelective = padding > 0 ? Self.bitsExtension : 0
        room[0] = kind.rawValue << 4 | Self.version
        room[1] = selective.isEmpty ? afterSelective : Self.selectiveExtension
        room.storeBytes(of: connectionID.bigEndian, toByteOffset: 2, as: UInt16.self)
        room.storeBytes(of: timestamp.bigEndian, toByteOffset: 4, as: UInt32.self)
        room.storeBytes(of: delay.bigEndian, toByteOffset: 8, as: UInt32.self)
        room.storeBytes(of: window.bigEndian, toByteOffset: 12, as: UInt32.self)
        room.storeBytes(of: sequence.rawValue.bigEndian, toByteOffset: 16, as: UInt16.self)
        room.storeBytes(of: acknowledgement.rawValue.bigEndian, toByteOffset: 18, as: UInt16.self)
        var position = Self.headerLength
        if !selective.isEmpty {
            room[position] = afterSelective
            room[position + 1] = UInt8(selective.count)
            position += 2
            for byte in selective {
                room[position] = byte
                position += 1
            }
        }
        var left = padding
        if left > 0 {
            room[position] = Self.paddingExtension
            room[position + 1] = UInt8(Self.bitsLength)
            for index in 0..<Self.bitsLength { room[position + 2 + index] = 0 }
            position += 2 + Self.bitsLength
            left -= 2 + Self.bitsLength
        }
        while left >= 2 {
            // Never a rest of one byte, which no extension can fill.
            var length = min(left - 2, Int(UInt8.max))
            if left - 2 - length == 1 { length -= 1 }
            left -= 2 + length
            room[position] = left > 0 ? Self.paddingExtension : 0
            room[position + 1] = UInt8(length)
            for index in 0..<length { room[position + 2 + index] = 0 }
            position += 2 + length
        }
        return position
    }
}
