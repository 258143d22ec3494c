package import TorrentCore

/// One datagram of the DHT (BEP 5).
package struct KRPCMessage: Equatable, Sendable {
    /// The three kinds.
    package enum Body: Equatable, Sendable {
        /// A question, and who asks.
        case query(DHTQuery, sender: NodeID)
        /// An answer, and whose it is.
        case response(DHTResponse, sender: NodeID)
        /// A refusal.
        case error(KRPCError)
    }

    /// What matches an answer to its question.
    package var transaction: [UInt8]
    /// What it says.
    package var body: Body
    /// The program, two letters of BEP 20 and two bytes of its own; may be missing.
    package var version: [UInt8]?
    /// In an answer: where the question came from (BEP 42).
    package var externalEndpoint: Endpoint?
    /// In a question: whether the asker answers none itself (BEP 43).
    package var isReadOnly = false

    /// The longest datagram that is sent (BEP 32).
    package static let sendLimit = 1024
    /// The longest that is looked at.
    package static let receiveLimit = 4096
    /// The longest transaction ID that is sent back.
    package static let transactionLimit = 32
    /// The longest token that is kept.
    package static let tokenLimit = 128
    /// How this program names itself.
    package static let ownVersion: [UInt8] = Array("SF".utf8) + [0, 1]

    /// A datagram.
    package init(
        transaction: [UInt8], body: Body, version: [UInt8]? = nil,
        externalEndpoint: Endpoint? = nil, isReadOnly: Bool = false
    ) {
        self.transaction = transaction
        self.body = body
        self.version = version
        self.externalEndpoint = externalEndpoint
        self.isReadOnly = isReadOnly
    }
}
