package import TorrentCore

/// When an address is dialled again: after a failure it rests, and while a read waits that nobody
/// serves, not for long.
extension PeerList {
    /// After a failure an address rests this long for each failure so far.
    package static let backOff = Interval.seconds(60)
    /// No address rests longer: a seed that was away for an hour is found within these minutes.
    package static let longestBackOff = Interval.seconds(600)
    /// While somebody waits for a read, an address is tried again this long after its first failure,
    /// doubled each time up to `backOff`; one that the user gave always: somebody sits at a terminal,
    /// and has perhaps just started the other side.
    package static let impatientBackOff = Interval.seconds(1)
    /// A peer that was of use is dialled again this soon after it went.
    package static let usefulBackOff = Interval.seconds(5)
    /// After this many failures in a row an address is forgotten, unless the user gave it.
    package static let failureLimit = 3
    /// No address is forgotten while there are no more than these: they cost nothing, and the only
    /// seed is perhaps just being restarted.
    package static let keptCount = 30

    // MARK: - What became of a dial

    /// A dial came to nothing: refused, timed out, or no handshake.
    package mutating func dialFailed(_ endpoint: Endpoint, now: Timestamp) {
        guard let index = positions[endpoint] else { return }
        candidates[index].failures += 1
        candidates[index].failedAt = now
        if !candidates[index].source.isUsers, candidates[index].failures >= Self.failureLimit,
            candidates.count > Self.keptCount
        {
            remove(index)
            return
        }
        candidates[index].state = .idle
        candidates[index].nextTry = now + rest(candidates[index])
    }

    /// The form, encrypted or not, in which the address is to be dialled: the one that worked last,
    /// or has not failed last.
    package func prefersEncryption(_ endpoint: Endpoint) -> Bool {
        positions[endpoint].map { candidates[$0].prefersEncryption } ?? false
    }

    /// A dial was answered, and the handshake came to nothing: the address may understand the other
    /// form, which is tried at once. Where that has been tried already, the dial has failed.
    package mutating func handshakeFailed(_ endpoint: Endpoint, now: Timestamp) {
        guard let index = positions[endpoint] else { return }
        candidates[index].prefersEncryption.toggle()
        candidates[index].hasChangedForm.toggle()
        guard candidates[index].hasChangedForm else { return dialFailed(endpoint, now: now) }
        candidates[index].state = .idle
        candidates[index].nextTry = now
    }

    /// A handshake is done with this address, which we dialled, or where an incoming peer says
    /// that it listens.
    package mutating func connected(_ endpoint: Endpoint, now: Timestamp) {
        if positions[endpoint] == nil {
            // It names itself, and at as many ports as it likes.
            add([endpoint], source: .incoming, namer: endpoint.address, now: now)
        }
        guard let index = positions[endpoint] else { return }
        candidates[index].state = .connected
        candidates[index].hasChangedForm = false
        candidates[index].isUntried = false
    }

    /// A connection ended. One that was of use has no past failures, and is dialled again soon.
    package mutating func disconnected(_ endpoint: Endpoint, wasUseful: Bool, now: Timestamp) {
        guard let index = positions[endpoint] else { return }
        candidates[index].state = .idle
        if wasUseful {
            candidates[index].failures = 0
            candidates[index].nextTry = now + Self.usefulBackOff
        } else {
            dialFailed(endpoint, now: now)
        }
    }

    // MARK: - Haste

    /// The peer at the address dials us now (BEP 55): it is dialled at once, whatever it was resting
    /// for.
    package mutating func dialSoon(_ endpoint: Endpoint, now: Timestamp) {
        guard let index = positions[endpoint], candidates[index].state == .idle else { return }
        candidates[index].nextTry = now
    }

    /// A read waits and nobody sends: whoever has not failed is due now, whatever it was resting for,
    /// and the others soon. Linear in the number of addresses.
    package mutating func hurry(now: Timestamp) {
        for index in candidates.indices where candidates[index].state == .idle {
            let candidate = candidates[index]
            let due = candidate.failures == 0 ? now : candidate.failedAt + impatientRest(candidate)
            candidates[index].nextTry = min(candidate.nextTry, due)
        }
    }

    /// The machine's network is there again: everybody may be dialled, whatever failed meanwhile.
    /// Linear in the number of addresses.
    package mutating func networkReturned(now: Timestamp) {
        for index in candidates.indices where candidates[index].state == .idle {
            candidates[index].failures = 0
            candidates[index].nextTry = now
        }
    }

    private func rest(_ candidate: Candidate) -> Interval {
        guard !candidate.source.isUsers else { return impatientRest(candidate) }
        return min(Self.backOff * (Int64(candidate.failures) + 1), Self.longestBackOff)
    }

    private func impatientRest(_ candidate: Candidate) -> Interval {
        let doublings = min(Int64(candidate.failures) - 1, 6)
        return min(Self.impatientBackOff * (1 << max(0, doublings)), Self.backOff)
    }
}
