import Reactor
import Swarm
import TorrentCore
import TrackerProtocol

/// Announces over both families of addresses (BEP 7).
extension Torrent {
    /// Over what an announce goes to an HTTP tracker.
    func legs(of tracker: Int, at url: TrackerURL, _ event: AnnounceEvent) -> [AnnounceFamily] {
        guard context.hasBothFamilies, !HTTPProxy.isConfigured, !url.hasNumericHost else {
            return [.any]
        }
        return heard(of: [.v4, .v6], by: tracker, event)
    }

    /// Those of some families that are to be told something: of our going, those over which the
    /// tracker knows us.
    func heard(
        of families: [AnnounceFamily], by tracker: Int, _ event: AnnounceEvent
    ) -> [AnnounceFamily] {
        let known = families.filter { answeredLegs[tracker]?.contains($0) ?? false }
        return event == .stopped && !known.isEmpty ? known : families
    }

    /// Sends one leg of an announce to an HTTP tracker.
    func getAnnounce(_ request: HTTPRequest, _ leg: AnnounceLeg) {
        lastHTTPAttempt += 1
        let (id, mailbox, attempt) = (self.id, context.mailbox, lastHTTPAttempt)
        let started = context.http.get(request) { result in
            mailbox.post(.httpAnnounced(id, leg, attempt: attempt, result))
        }
        httpAnnounces[leg] = (attempt, started)
    }

    /// An HTTP tracker has answered, or has not. What a cancelled attempt says is nothing to the
    /// one that took its place.
    func httpAnnounced(
        _ leg: AnnounceLeg, attempt: UInt64, _ result: Result<HTTPResponse, HTTPError>,
        now: Timestamp
    ) {
        guard httpAnnounces[leg]?.attempt == attempt else { return }
        httpAnnounces[leg] = nil
        switch result {
        case .failure(let error):
            if error == .privateAddress { privateTracker = announces.url(of: leg.tracker) }
            legEnded(leg, .failure(.transport(error.description)), now: now)
        case .success(let response):
            do throws(TrackerError) {
                legEnded(leg, .success(try HTTPAnnounce.parse(response.body)), now: now)
            } catch {
                legEnded(leg, .failure(error), now: now)
            }
        }
    }

    /// One leg of an announce has ended: what it brought is of use whatever becomes of the other.
    func legEnded(
        _ leg: AnnounceLeg, _ result: Result<AnnounceResponse, TrackerError>, now: Timestamp
    ) {
        guard announceLegs[leg.tracker] != nil else { return }
        let url = announces.url(of: leg.tracker) ?? "tracker"
        switch result {
        case .success(let response):
            answeredLegs[leg.tracker, default: []].insert(leg.family)
            Log.debug("\(identity): \(url) knows \(response.peers.count) peers")
            if let warning = response.warning { Log.warning("\(url): \(warning)") }
            noteV2Peers(response.peers, namedFor: announces.hash(of: leg.tracker))
            addPeers(response.peers, source: .tracker, now: now)
            if let seen = response.externalAddress { context.peerSees(seen) }
        case .failure(let error):
            Log.debug("\(identity): \(url) over \(leg.family): \(error)")
        }
        let outcome = announceLegs[leg.tracker]?.ended(leg.family, result)
        if announceLegs[leg.tracker]?.isOver == true { announceLegs[leg.tracker] = nil }
        if let outcome { announced(leg.tracker, outcome, now: now) }
    }

    /// Gives up what is under way to a tracker.
    func cancelLegs(of tracker: Int) {
        announceLegs[tracker] = nil
        pendingUDP[tracker] = nil
        context.udpTrackers.cancel(torrent: id, tracker: tracker)
        for family in [AnnounceFamily.any, .v4, .v6] {
            let leg = AnnounceLeg(tracker: tracker, family: family)
            if let announce = httpAnnounces.removeValue(forKey: leg) {
                context.http.cancel(announce.request)
            }
        }
    }
}
