import TorrentCore

/// A question of ours that waits for its answer.
struct DHTQuestion {
    /// What the answer is for.
    enum Purpose {
        /// To know whether a node lives.
        case check
        /// A step of a lookup.
        case lookup(DHTLookupID)
        /// An announce or a put: nothing follows.
        case store
    }

    let endpoint: Endpoint
    /// Under which ID we know the node; nil where we do not.
    let expected: NodeID?
    let purpose: Purpose
    let sent: Timestamp
    var isLate = false

    var deadline: Timestamp {
        sent + (isLate ? DHTStateMachine.answerTimeout : DHTStateMachine.lateTime)
    }
}
