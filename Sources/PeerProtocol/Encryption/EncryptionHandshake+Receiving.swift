import TorrentCore

extension EncryptionHandshake {
    /// Goes as far as the bytes lead.
    mutating func advance() {
        do throws(EncryptionFailure) {
            while try step() {}
        } catch {
            fail(error)
        }
        input.removeFirst(min(position, input.count))
        position = 0
    }

    /// One step, where there are the bytes for it; false where there are not.
    private mutating func step() throws(EncryptionFailure) -> Bool {
        switch phase {
        case .opening: try open()
        case .awaitingKey: try receiveKey()
        case .awaitingAnswer: try skipPadding(before: .awaitingSelection)
        case .awaitingSelection: try receiveSelection()
        case .skippingAnswerPadding(let length): skipAnswerPadding(length)
        case .awaitingRequest: try skipPadding(before: .awaitingTorrentHash)
        case .awaitingTorrentHash: receiveTorrentHash()
        case .awaitingOffer: try receiveOffer()
        case .skippingOfferPadding(let length): skipOfferPadding(length)
        case .awaitingInitialPayload(let length): receiveInitialPayload(length)
        case .awaitingTorrent, .over: false
        }
    }

    // MARK: - Keys

    private mutating func open() throws(EncryptionFailure) -> Bool {
        let start = Array(input.prefix(Handshake.prefix.count))
        guard Handshake.couldStart(with: start.span) else {
            phase = .awaitingKey
            return true
        }
        guard start.count == Handshake.prefix.count else { return false }
        guard acceptsUnencrypted else { throw .unencrypted }
        finish(.unencrypted)
        return false
    }

    private mutating func receiveKey() throws(EncryptionFailure) -> Bool {
        guard let peerKey = take(keyLength) else { return false }
        try agree(with: peerKey)
        if isOpening {
            sendRequest()
            phase = .awaitingAnswer
        } else {
            output.append(contentsOf: pattern)
            pattern = hash("req1", secret)
            phase = .awaitingRequest
        }
        return true
    }

    private mutating func skipPadding(before next: Phase) throws(EncryptionFailure) -> Bool {
        let last = min(Self.maximumPadding, input.count - position - pattern.count)
        var offset = 0
        while offset <= last {
            let start = position + offset
            if input[start] == pattern[0],
                input[start..<start + pattern.count].elementsEqual(pattern)
            {
                position = start + pattern.count
                phase = next
                return true
            }
            offset += 1
        }
        guard last < Self.maximumPadding else { throw .noSynchronisation }
        return false
    }

    // MARK: - Opening

    private mutating func sendRequest() {
        let name = zip(hash("req2", torrent?.bytes ?? []), hash("req3", secret)).map { $0 ^ $1 }
        output.append(contentsOf: hash("req1", secret) + name)
        var offer = [UInt8](repeating: 0, count: Self.verificationLength)
        offer.appendBigEndian(methods.rawValue)
        offer.appendBigEndian(UInt16(padding.count))
        offer.append(contentsOf: padding)
        offer.appendBigEndian(UInt16(initialPayload.count))
        offer.append(contentsOf: initialPayload)
        startCiphers(incoming: "keyB", outgoing: "keyA")
        outgoing?.apply(to: &offer)
        output.append(contentsOf: offer)
        // The peer's zeros come encrypted: by what they are then, its padding ends.
        pattern = [UInt8](repeating: 0, count: Self.verificationLength)
        incoming?.apply(to: &pattern)
    }

    private mutating func receiveSelection() throws(EncryptionFailure) -> Bool {
        guard let bytes = takeDecrypted(6) else { return false }
        chosen = EncryptionMethods(rawValue: Self.number(bytes[0..<4]))
        guard chosen == .plaintext || chosen == .rc4, methods.contains(chosen) else {
            throw .noCommonMethod
        }
        phase = .skippingAnswerPadding(try Self.paddingLength(bytes[4..<6]))
        return true
    }

    private mutating func skipAnswerPadding(_ length: Int) -> Bool {
        guard takeDecrypted(length) != nil else { return false }
        finish(.established(chosen))
        return false
    }

    // MARK: - Answering

    private mutating func receiveTorrentHash() -> Bool {
        guard let bytes = take(SHA1Digest.byteCount),
            let hash = SHA1Digest(zip(bytes, hash("req3", secret)).map { $0 ^ $1 })
        else { return false }
        phase = .awaitingTorrent(hash)
        return false
    }

    private mutating func receiveOffer() throws(EncryptionFailure) -> Bool {
        guard let bytes = takeDecrypted(Self.verificationLength + 6) else { return false }
        guard bytes.prefix(Self.verificationLength).allSatisfy({ $0 == 0 }) else {
            throw .wrongKey
        }
        let offered = EncryptionMethods(rawValue: Self.number(bytes[8..<12]))
        guard let method = methods.intersection(offered).preferred else { throw .noCommonMethod }
        chosen = method
        phase = .skippingOfferPadding(try Self.paddingLength(bytes[12..<14]))
        return true
    }

    private mutating func skipOfferPadding(_ length: Int) -> Bool {
        guard let bytes = takeDecrypted(length + 2) else { return false }
        phase = .awaitingInitialPayload(Int(Self.number(bytes.suffix(2))))
        return true
    }

    private mutating func receiveInitialPayload(_ length: Int) -> Bool {
        guard let bytes = takeDecrypted(length) else { return false }
        payload = bytes
        var answer = [UInt8](repeating: 0, count: Self.verificationLength)
        answer.appendBigEndian(chosen.rawValue)
        answer.appendBigEndian(UInt16(padding.count))
        answer.append(contentsOf: padding)
        outgoing?.apply(to: &answer)
        output.append(contentsOf: answer)
        finish(.established(chosen))
        return false
    }

    // MARK: - Bytes

    /// What is left of the input is the owner's.
    private mutating func finish(_ outcome: EncryptionOutcome) {
        var rest = Array(input[position...])
        input = []
        position = 0
        phase = .over
        if outcome == .established(.rc4) {
            incoming?.apply(to: &rest)
        } else {
            incoming = nil
            outgoing = nil
        }
        payload.append(contentsOf: rest)
        self.outcome = outcome
    }

    private mutating func take(_ count: Int) -> [UInt8]? {
        guard input.count - position >= count else { return nil }
        defer { position += count }
        return Array(input[position..<position + count])
    }

    private mutating func takeDecrypted(_ count: Int) -> [UInt8]? {
        guard var bytes = take(count) else { return nil }
        incoming?.apply(to: &bytes)
        return bytes
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func paddingLength(
        _ bytes: ArraySlice<UInt8>
    ) throws(EncryptionFailure) -> Int {
        let length = Int(number(bytes))
        guard length <= maximumPadding else { throw .paddingTooLong }
        return length
    }
}
