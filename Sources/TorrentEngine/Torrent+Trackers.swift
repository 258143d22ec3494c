import Metainfo
import PieceStorage
import Reactor
import Swarm
import TorrentCore
import TrackerProtocol

/// Announces: the announce machine decides when and to whom, this carries it out.
extension Torrent {
    /// How long an HTTP tracker may take; after that another tracker is more likely to answer.
    private static let httpTimeout = Interval.seconds(20)
    /// The same for `stopped`, so that a shutdown stays short.
    private static let httpStopTimeout = Interval.seconds(2)
    /// What is said to be left while the size is unknown: anything but zero, which means a seed.
    private static let unknownLeft: Int64 = 16 * 1024

    /// Carries out what the announce machine has decided.
    func runAnnounces(now: Timestamp) {
        for action in announces.takeActions() {
            switch action {
            case .announce(let tracker, let url, let event):
                announce(tracker, url: url, event: event, now: now)
            case .cancel(let tracker):
                pendingUDP[tracker] = nil
                context.udpTrackers.cancel(torrent: id, tracker: tracker)
                if let announce = httpAnnounces.removeValue(forKey: tracker) {
                    context.http.cancel(announce.request)
                }
            case .finished:
                areTrackersTold = true
            }
        }
    }

    private func announce(_ tracker: Int, url: String, event: AnnounceEvent, now: Timestamp) {
        Log.debug("\(identity): announce \(event) to \(url)")
        let parsed: TrackerURL
        do throws(TrackerError) {
            parsed = try TrackerURL(parsing: url)
        } catch {
            announced(tracker, .failure(error), now: now)
            return
        }
        let (id, mailbox) = (self.id, context.mailbox)
        switch parsed {
        case .http(let base):
            let request = HTTPRequest(
                url: HTTPAnnounce.url(base, announceRequest(event, tracker: tracker)),
                byteLimit: HTTPAnnounce.responseLimit,
                timeout: event == .stopped ? Self.httpStopTimeout : Self.httpTimeout,
                publicOnly: sources.isPublicOnly(url))
            lastHTTPAttempt += 1
            let attempt = lastHTTPAttempt
            let started = context.http.get(request) { result in
                mailbox.post(.httpAnnounced(id, tracker: tracker, attempt: attempt, result))
            }
            httpAnnounces[tracker] = (attempt, started)
        case .udp(let address):
            // Whoever was told that we came is told that we go, without a look-up that may take
            // longer than there is time for.
            if event == .stopped, let endpoint = udpEndpoints[tracker] {
                announce(event, tracker, to: endpoint, urlData: address.urlData, now: now)
                return
            }
            pendingUDP[tracker] = (address.urlData, event)
            context.resolver.resolve(address.host, port: address.port) { endpoints in
                mailbox.post(.udpTrackerResolved(id, tracker: tracker, endpoints))
            }
        }
    }

    /// A UDP tracker's name has been looked up.
    func udpTrackerResolved(_ tracker: Int, _ endpoints: [Endpoint], now: Timestamp) {
        guard let (urlData, event) = pendingUDP.removeValue(forKey: tracker) else { return }
        let url = announces.url(of: tracker) ?? ""
        let isPublicOnly = sources.isPublicOnly(url)
        let allowed = endpoints.filter { !isPublicOnly || !$0.address.isPrivate }
        // IPv4 first: a tracker with both is reached by more peers there.
        let endpoint = allowed.first { !$0.address.isV6 } ?? allowed.first
        guard let endpoint else {
            let reason = endpoints.isEmpty ? HTTPError.hostNotFound : .privateAddress
            if reason == .privateAddress { privateTracker = url }
            announced(tracker, .failure(.transport(reason.description)), now: now)
            return
        }
        udpEndpoints[tracker] = endpoint
        announce(event, tracker, to: endpoint, urlData: urlData, now: now)
    }

    private func announce(
        _ event: AnnounceEvent, _ tracker: Int, to endpoint: Endpoint, urlData: [UInt8],
        now: Timestamp
    ) {
        context.udpTrackers.announce(
            announceRequest(event, tracker: tracker), urlData: urlData, to: endpoint, torrent: id,
            tracker: tracker, now: now)
    }

    /// An HTTP tracker has answered, or has not. What a cancelled attempt says is nothing to the
    /// one that took its place.
    func httpAnnounced(
        _ tracker: Int, attempt: UInt64, _ result: Result<HTTPResponse, HTTPError>, now: Timestamp
    ) {
        guard httpAnnounces[tracker]?.attempt == attempt else { return }
        httpAnnounces[tracker] = nil
        switch result {
        case .failure(let error):
            if error == .privateAddress { privateTracker = announces.url(of: tracker) }
            announced(tracker, .failure(.transport(error.description)), now: now)
        case .success(let response):
            do throws(TrackerError) {
                announced(tracker, .success(try HTTPAnnounce.parse(response.body)), now: now)
            } catch {
                announced(tracker, .failure(error), now: now)
            }
        }
    }

    /// An announce has ended.
    func announced(
        _ tracker: Int, _ result: Result<AnnounceResponse, TrackerError>, now: Timestamp
    ) {
        let url = announces.url(of: tracker) ?? "tracker"
        switch result {
        case .success(let response):
            Log.debug("\(identity): \(url) knows \(response.peers.count) peers")
            if let warning = response.warning { Log.warning("\(url): \(warning)") }
            for endpoint in response.peers { magnetEndpoints.remove(endpoint) }
            noteV2Peers(response.peers, namedFor: announces.hash(of: tracker))
            addPeers(response.peers, source: .tracker, now: now)
            trackerErrors[tracker] = nil
            announces.succeeded(tracker, response, now: now)
            if !isStopping, census.announced(tracker, response, now: now) {
                scrape(tracker, now: now)
            }
        case .failure(let error):
            // A tracker that stays away is asked again and again; it is said once.
            if trackerErrors.updateValue(error, forKey: tracker) != error {
                Log.warning("\(identity): \(url): \(error)")
            }
            announces.failed(tracker, error, now: now)
        }
    }

    private func announceRequest(_ event: AnnounceEvent, tracker: Int) -> AnnounceRequest {
        AnnounceRequest(
            infoHash: announces.hash(of: tracker), peerID: context.peerID, port: context.listenPort,
            uploaded: swarm?.counts.uploaded ?? 0, downloaded: swarm?.counts.downloaded ?? 0,
            left: bytesLeft, event: event,
            key: context.announceKey, trackerID: announces.trackerID(of: tracker),
            supportsEncryption: context.configuration.encryption != .off)
    }

    /// Payload bytes that are not cached; zero only when every piece is.
    private var bytesLeft: Int64 {
        guard let metainfo, let store else { return Self.unknownLeft }
        if isComplete { return 0 }
        return max(1, metainfo.info.layout.payloadLength - store.cachedBytes)
    }
}
