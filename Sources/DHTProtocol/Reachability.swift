import TorrentCore

/// Whether others reach us, as far as we know. Who has a place in tables of others and does not answer
/// costs them time, so until that is known we neither answer nor ask for a place (BEP 43).
///
/// A node that asks us from an address that we have not asked proves it. Others only do so when they
/// have heard of us; so once we know our way about, we answer for a while and see whether they come.
enum Reachability: Equatable {
    /// How long others have to come.
    static let trialTime = Interval.seconds(15 * 60)
    /// How long a proof is good, and how long after a trial without one the next begins.
    static let settledTime = Interval.seconds(60 * 60)
    /// How long after a datagram of ours an address translation may still let that address in.
    static let solicitedTime = Interval.seconds(10 * 60)

    /// Not tried yet.
    case unknown
    /// Being tried since.
    case trial(since: Timestamp)
    /// Proved last.
    case reachable(proved: Timestamp)
    /// Nobody came by then.
    case unreachable(since: Timestamp)

    var isServing: Bool {
        switch self {
        case .trial, .reachable: true
        case .unknown, .unreachable: false
        }
    }

    mutating func timePassed(now: Timestamp) {
        switch self {
        case .trial(let since) where now - since >= Self.trialTime:
            self = .unreachable(since: now)
        case .reachable(let proved) where now - proved >= Self.settledTime:
            self = .trial(since: now)
        case .unreachable(let since) where now - since >= Self.settledTime:
            self = .trial(since: now)
        default:
            break
        }
    }
}
