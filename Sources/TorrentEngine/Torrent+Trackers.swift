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
            case .cancel(let tracker): cancelLegs(of: tracker)
            case .finished:
                areTrackersTold = true
            }
        }
    }

    private func announce(_ tracker: Int, url: String, event: AnnounceEvent, now: Timestamp) {
        Log.debug("\(identity): announce \(event) to \(url)")
        // What an earlier announce still waits for on its other leg would only confuse.
        cancelLegs(of: tracker)
        let parsed: TrackerURL
        do throws(TrackerError) {
            parsed = try TrackerURL(parsing: url)
        } catch {
            announced(tracker, .failure(error), now: now)
            return
        }
        switch parsed {
        case .http(let base):
            let families = legs(of: tracker, at: parsed, event)
            announceLegs[tracker] = AnnounceLegs(families, event: event)
            for family in families {
                let request = HTTPRequest(
                    url: HTTPAnnounce.url(base, announceRequest(event, tracker: tracker)),
                    byteLimit: HTTPAnnounce.responseLimit,
                    timeout: event == .stopped ? Self.httpStopTimeout : Self.httpTimeout,
                    family: family, publicOnly: sources.isPublicOnly(url))
                getAnnounce(request, AnnounceLeg(tracker: tracker, family: family))
            }
        case .udp(let address):
            // Whoever was told that we came is told that we go, without a look-up that may take
            // longer than there is time for.
            if event == .stopped, let endpoints = udpEndpoints[tracker] {
                announce(event, tracker, to: endpoints, urlData: address.urlData, now: now)
                return
            }
            let (id, mailbox) = (self.id, context.mailbox)
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
        let chosen = UDPTrackerAddress.endpoints(
            among: endpoints, publicOnly: sources.isPublicOnly(url),
            bothFamilies: context.hasBothFamilies)
        guard !chosen.isEmpty else {
            let reason = endpoints.isEmpty ? HTTPError.hostNotFound : .privateAddress
            if reason == .privateAddress { privateTracker = url }
            announced(tracker, .failure(.transport(reason.description)), now: now)
            return
        }
        udpEndpoints[tracker] = chosen
        announce(event, tracker, to: chosen, urlData: urlData, now: now)
    }

    private func announce(
        _ event: AnnounceEvent, _ tracker: Int, to endpoints: [Endpoint], urlData: [UInt8],
        now: Timestamp
    ) {
        let families = heard(
            of: endpoints.map { AnnounceFamily($0.address) }, by: tracker, event)
        announceLegs[tracker] = AnnounceLegs(families, event: event)
        for endpoint in endpoints where families.contains(AnnounceFamily(endpoint.address)) {
            context.udpTrackers.announce(
                announceRequest(event, tracker: tracker), urlData: urlData, to: endpoint,
                torrent: id, tracker: tracker, now: now)
        }
    }

    /// An announce has ended; see also `legEnded`.
    func announced(
        _ tracker: Int, _ result: Result<AnnounceResponse, TrackerError>, now: Timestamp
    ) {
        let url = announces.url(of: tracker) ?? "tracker"
        switch result {
        case .success(let response):
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
            key: context.announceKey, addresses: context.publicAddresses(now: .now()),
            trackerID: announces.trackerID(of: tracker),
            supportsEncryption: context.configuration.encryption != .off)
    }

    /// Payload bytes that are not cached; zero only when every piece is.
    private var bytesLeft: Int64 {
        guard let metainfo, let store else { return Self.unknownLeft }
        if isComplete { return 0 }
        return max(1, metainfo.info.layout.payloadLength - store.cachedBytes)
    }
}
