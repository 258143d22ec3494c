package import Metainfo
package import TorrentCore

/// Web seeds (BEP 19): what is said to and heard of them. What to ask of whom is planned in
/// `TorrentStateMachine+WebSeedPlan.swift`.
extension TorrentStateMachine {
    /// How many keys `addWebSeed` takes.
    package static var webSeedLaneCount: Int { WebSeed.laneCount }

    /// Adds an HTTP server that has the torrent's files; returns its number in `WebSeedFetch`.
    ///
    /// - Parameter lanes: `webSeedLaneCount` keys, one for each request that it answers at a time.
    @discardableResult
    package mutating func addWebSeed(
        lanes: [PeerKey], layout: FileLayout, now: Timestamp
    ) -> Int {
        precondition(lanes.count == WebSeed.laneCount)
        self.now = now
        self.layout = layout
        let seed = webSeeds.count
        var numbers: [Int] = []
        for key in lanes {
            // A peer that chokes us and has nothing: all that is decided about peers leaves it out.
            var peer = SwarmPeer(
                key: key,
                traits: PeerTraits(
                    address: Endpoint(address: .v4(0), port: 0), supportsFast: false,
                    requestLimit: .max, isOutgoing: true), now: now)
            peer.lane = WebSeedLane(seed: seed)
            peer.senderKey = lanes[0]
            numbers.append(place(peer))
        }
        webSeeds.append(WebSeed(key: lanes[0], lanes: numbers, now: now))
        workAppeared()
        return seed
    }

    /// What `fetch` asked for begins to arrive.
    package mutating func webSeedAnswered(_ lane: PeerKey, now: Timestamp) {
        self.now = now
        guard let number = number(of: lane), let state = peers[number].lane,
            let startedAt = state.startedAt, state.answeredAt == nil
        else { return }
        peers[number].lane?.answeredAt = now
        peers[number].lastByteAt = now
        webSeeds[state.seed].answered(after: (now - startedAt).seconds)
    }

    /// What `fetch` asked for has come, or the rest of it does not; `file` is the one that it failed
    /// at.
    package mutating func webSeedEnded(
        _ lane: PeerKey, failure: WebSeedFailure? = nil, file: FileIndex? = nil, now: Timestamp
    ) {
        self.now = now
        guard let number = number(of: lane), let state = peers[number].lane,
            let startedAt = state.startedAt
        else { return }
        if let failure {
            webSeeds[state.seed].failed(
                failure, file: file, hasSent: state.bytes > 0, now: now, random: &random)
        } else {
            let seconds = (now - (state.answeredAt ?? startedAt)).seconds
            webSeeds[state.seed].delivered(bytes: state.bytes, in: seconds)
        }
        free(number)
    }

    /// The machine's network is there again: web seeds are not paused for what failed meanwhile.
    package mutating func networkReturned(now: Timestamp) {
        self.now = now
        for seed in webSeeds.indices { webSeeds[seed].networkReturned() }
        workAppeared()
    }

    /// Connected peers, without web seeds.
    var peerCount: Int { peerNumbers.count - webSeeds.count * WebSeed.laneCount }

    /// How each web seed does, in the order in which they were added.
    package mutating func webSeedStatistics(now: Timestamp) -> [WebSeedStatistics] {
        webSeeds.indices.map { seed in
            var result = WebSeedStatistics()
            let isBusy = webSeeds[seed].lanes.contains { peers[$0].lane?.isBusy ?? false }
            if webSeeds[seed].isDisabled || !hasFileLeft(seed) {
                result.state = .disabled
            } else if webSeeds[seed].pausedUntil > now {
                result.state = .paused
            } else if isBusy {
                result.state = .active
            }
            result.downloaded = webSeeds[seed].downloaded
            result.downloadRate = Int(webSeeds[seed].rate.rate(now: now))
            result.errors = webSeeds[seed].errors
            result.lastFailure = webSeeds[seed].lastFailure
            result.disabledFiles = webSeeds[seed].disabledFiles.count
            return result
        }
    }

    /// Takes the run of a lane back, whose blocks nobody wants any more.
    mutating func abandonFetch(_ number: Int) {
        actions.append(.abandonFetch(peers[number].key))
        free(number)
    }

    private mutating func free(_ number: Int) {
        peers[number].lane?.end()
        releaseAll(number)
        peers[number].isLate = false
        workAppeared()
    }

    /// A block has come on a lane.
    mutating func countWebSeedBytes(_ number: Int, _ bytes: Int) {
        guard let seed = peers[number].lane?.seed else { return }
        peers[number].lane?.bytes += bytes
        webSeeds[seed].downloaded += Int64(bytes)
        webSeeds[seed].rate.add(bytes)
    }

    /// The web seed whose blocks are known by this key.
    func webSeed(of key: PeerKey) -> Int? { webSeeds.firstIndex { $0.key == key } }

    /// A piece of a web seed's bytes was bad: it is not asked for the piece's files again (BEP 19).
    mutating func banWebSeed(_ seed: Int, from piece: PieceIndex) {
        webSeeds[seed].errors += 1
        webSeeds[seed].lastFailure = .corrupt
        for file in files(of: piece) { webSeeds[seed].disable(file) }
        actions.append(.webSeedCorrupt(seed: seed, piece))
        for number in webSeeds[seed].lanes where peers[number].lane?.isBusy ?? false {
            let isOfThem = (0..<peers[number].queue.count).contains {
                !hasFiles(seed, PieceIndex(peers[number].queue[$0].piece))
            }
            if isOfThem { abandonFetch(number) }
        }
    }

    /// Whether it may be asked for all files that the piece is made of.
    func hasFiles(_ seed: Int, _ piece: PieceIndex) -> Bool {
        let disabled = webSeeds[seed].disabledFiles
        return disabled.isEmpty || !files(of: piece).contains { disabled.contains($0) }
    }

    private func hasFileLeft(_ seed: Int) -> Bool {
        guard let layout, !webSeeds[seed].disabledFiles.isEmpty else { return true }
        return !layout.isSingleFile
    }

    private func files(of piece: PieceIndex) -> [FileIndex] {
        guard let layout else { return [] }
        return layout.slices(of: piece).map(\.file).filter {
            !layout.attributes(of: $0).contains(.padding)
        }
    }
}
