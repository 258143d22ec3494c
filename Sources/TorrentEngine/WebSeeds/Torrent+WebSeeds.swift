import Metainfo
import PieceStorage
import Reactor
import Swarm
import TorrentCore

/// Web seeds (BEP 19): the swarm machine decides what to ask of whom, this asks.
extension Torrent {
    /// Introduces the web seeds to the swarm's decisions, once there is metadata.
    func addWebSeeds(now: Timestamp) {
        guard let metainfo, !context.configuration.isOffline else { return }
        var seen: Set<WebSeedURL> = []
        for text in sources.webSeeds + metainfo.webSeeds {
            guard let url = WebSeedURL(text) else {
                Log.info("\(identity): no web seed, since not http(s): \(text.prefix(200))")
                continue
            }
            guard seen.insert(url).inserted, webSeeds.count < TorrentWebSeed.limit else { continue }
            let lanes = (0..<TorrentStateMachine.webSeedLaneCount).map { _ in
                context.nextPeerKey()
            }
            webSeeds.append(
                TorrentWebSeed(url: url, publicOnly: sources.isPublicOnly(text)))
            swarm?.addWebSeed(lanes: lanes, layout: metainfo.info.layout, now: now)
        }
    }

    // MARK: - Runs

    /// Asks for a run of blocks.
    func fetch(_ lane: PeerKey, _ fetch: WebSeedFetch, now: Timestamp) {
        guard let metainfo else { return }
        webSeedAttempts += 1
        let attempt = webSeedAttempts
        let (id, mailbox) = (self.id, context.mailbox)
        let blocks = fetch.blocks.map { ($0, place(of: $0, on: lane, now: now)) }
        let parts = RunPart.parts(of: fetch.blocks, in: metainfo.info.layout)
        let landing = RunLanding(blocks, parts: parts) {
            mailbox.post(.webSeedArrived(id, lane, attempt: attempt))
        }
        let run = WebSeedRun(attempt: attempt, seed: fetch.seed, parts: parts, landing: landing)
        webSeedRuns[lane] = run
        Log.debug("\(webSeeds[fetch.seed].url): \(fetch.blocks.count) blocks, \(parts.count) parts")
        requestParts(of: run, lane, now: now)
    }

    /// Gives a run up: nothing of it is written any more when this returns.
    func abandonFetch(_ lane: PeerKey) {
        guard let run = webSeedRuns.removeValue(forKey: lane) else { return }
        run.landing.close()
        for request in run.requests.values { context.http.cancel(request.id) }
    }

    /// Gives all runs up.
    func abandonFetches() {
        for lane in Array(webSeedRuns.keys) { abandonFetch(lane) }
    }

    private func place(
        of block: BlockRequest, on lane: PeerKey, now: Timestamp
    ) -> BlockPlace {
        switch swarm?.blockBegan(lane, block, now: now) ?? .discard {
        case .direct: buffers[block.piece].map { .piece($0) } ?? .nowhere
        case .scratch: .scratch(ScratchBlock())
        case .discard: .nowhere
        }
    }

    private func requestParts(of run: WebSeedRun, _ lane: PeerKey, now: Timestamp) {
        guard let info = metainfo?.info else { return }
        let seed = webSeeds[run.seed]
        while run.mayContinue {
            let number = run.nextPart
            let part = run.parts[number]
            guard let url = seed.url.url(of: part.file, in: info) else {
                return end(run, lane, .unnameable, file: part.file, now: now)
            }
            run.nextPart += 1
            let (id, mailbox, attempt) = (self.id, context.mailbox, run.attempt)
            let sink = PartSink(
                part, number: number, fileLength: info.layout.length(of: part.file),
                landing: run.landing
            ) { mailbox.post(.webSeedAnswered(id, lane, attempt: attempt)) }
            let request = HTTPRequest(
                url: url, range: part.range, publicOnly: seed.publicOnly, sink: sink)
            let started = context.http.get(request) { result in
                mailbox.post(
                    .webSeedPartEnded(
                        id, lane, attempt: attempt, part: number, sink.failure(result)))
            }
            run.requests[number] = (started, sink)
        }
    }

    private func end(
        _ run: WebSeedRun, _ lane: PeerKey, _ failure: WebSeedFailure?, file: FileIndex?,
        now: Timestamp
    ) {
        abandonFetch(lane)
        swarm?.webSeedEnded(lane, failure: failure, file: file, now: now)
        guard let failure, webSeeds[run.seed].loggedFailure != failure else { return }
        webSeeds[run.seed].loggedFailure = failure
        Log.warning("\(identity): web seed \(webSeeds[run.seed].url): \(failure)")
    }

    // MARK: - Answers

    /// The first bytes of a part have come.
    func webSeedAnswered(_ lane: PeerKey, attempt: UInt64, now: Timestamp) {
        guard webSeedRuns[lane]?.attempt == attempt else { return }
        swarm?.webSeedAnswered(lane, now: now)
    }

    /// Blocks have come whole.
    func webSeedArrived(_ lane: PeerKey, attempt: UInt64, now: Timestamp) {
        guard let run = webSeedRuns[lane], run.attempt == attempt else { return }
        for (request, place) in run.landing.takeComplete() {
            let isWanted = swarm?.blockArrived(lane, request, now: now) == .wanted
            guard isWanted, case .scratch(let scratch) = place else { continue }
            takeCopy(of: request, from: scratch)
        }
    }

    /// A part has come whole, or has failed.
    func webSeedPartEnded(
        _ lane: PeerKey, attempt: UInt64, part: Int, _ failure: WebSeedFailure?, now: Timestamp
    ) {
        guard let run = webSeedRuns[lane], run.attempt == attempt,
            run.requests.removeValue(forKey: part) != nil
        else { return }
        if let failure { return end(run, lane, failure, file: run.parts[part].file, now: now) }
        run.finishedParts += 1
        if run.finishedParts == run.parts.count {
            end(run, lane, nil, file: nil, now: now)
        } else {
            requestParts(of: run, lane, now: now)
        }
    }

    /// A web seed sent what does not match a piece's hash.
    func webSeedCorrupt(_ seed: Int, _ piece: PieceIndex) {
        Log.warning(
            "\(identity): web seed \(webSeeds[seed].url): piece \(piece) does not match its hash; "
                + "its files are not asked for there any more")
    }

    /// How the web seeds do.
    func webSeedStatistics(now: Timestamp) -> [TorrentWebSeedStatistics] {
        let figures = swarm?.webSeedStatistics(now: now) ?? []
        return zip(webSeeds, figures).map { seed, figures in
            TorrentWebSeedStatistics(
                url: seed.url.text, state: figures.state.rawValue,
                downloaded: figures.downloaded, downloadRate: figures.downloadRate,
                errors: figures.errors, lastError: figures.lastFailure?.description)
        }
    }
}
