import Metainfo
import PeerProtocol
import PieceStorage
import Reactor
import Swarm
import TorrentCore
import TorrentCrypto

/// Blocks that are verified by themselves, and the hashes for it (BEP 52).
extension Torrent {
    // MARK: - Blocks

    /// Keeps a block of a piece that has no buffer. Where the system has no memory it is lost, and
    /// with it the read.
    func keepLoose(_ request: BlockRequest, from connection: PeerConnection) {
        let payload = UnsafeRawBufferPointer(
            rebasing: connection.scratchBlock.bytes[..<Int(request.length)])
        guard let block = ReceivedBlock(request, copying: payload) else { return }
        looseBlocks[request.piece, default: [:]][request.blockIndex] = block
    }

    /// Blocks of a piece that now has a buffer move there.
    func gatherLoose(into buffer: PieceBuffer) {
        for block in (looseBlocks.removeValue(forKey: buffer.piece) ?? [:]).values {
            let start = Int(block.request.begin)
            UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[start...])
                .copyMemory(from: block.bytes)
        }
    }

    func verifyBlock(_ request: BlockRequest, leaf: SHA256Digest, now: Timestamp) {
        guard let store, let block = looseBlocks[request.piece]?[request.blockIndex] else {
            swarm?.blockVerified(request, isGood: true, now: now)
            return
        }
        let (id, mailbox) = (self.id, context.mailbox)
        store.submit(block, leaf: leaf) { isGood in
            mailbox.post(.blockVerified(id, request, isGood: isGood))
        }
    }

    /// The two halves of the torrent contradict each other: nothing can be both, so nothing more is
    /// fetched or served, and reads of what is missing fail.
    func stopInconsistent(_ piece: PieceIndex, now: Timestamp) {
        Log.error(
            "torrent \(identity): piece \(piece) is right by only one of its v1 and v2 hashes: "
                + "whoever made the torrent made it wrong; nothing more of it is fetched")
        store?.giveUp()
        stop(now: now)
    }

    // MARK: - Hashes

    /// Hashes that the swarm machine asked for: proven here, which costs as many digests of 64 bytes
    /// as there are hashes (a tenth of a millisecond at most), and then put to use.
    func hashesArrived(
        _ request: HashRequest, _ hashes: [UInt8], from connection: PeerConnection,
        now: Timestamp
    ) {
        guard let store, let piece = swarm?.piece(askedFor: request),
            let tree = store.tree(of: piece)
        else { return }
        let hashing = OpenSSLHashing()
        let size = SHA256Digest.byteCount
        let base = Array(hashes.prefix(Int(request.length) * size))
        if request.baseLayer == 0 {
            guard tree.proves(request, hashes, hashing: hashing) else {
                swarm?.hashesRefuted(connection.key, request, now: now)
                return
            }
            let leaves = stride(from: 0, to: base.count, by: size).compactMap {
                SHA256Digest(base[$0..<$0 + size])
            }
            swarm?.leavesArrived(connection.key, request, leaves, now: now)
        } else {
            guard
                MerkleTree.provenNode(of: request, hashes: hashes, hashing: hashing) == tree.root,
                request.provenLayer == tree.fileHeight
            else {
                swarm?.hashesRefuted(connection.key, request, now: now)
                return
            }
            let pieces = store.addLayer(base, answering: request, of: piece)
            swarm?.layerArrived(connection.key, request, pieces: pieces, now: now)
        }
        connection.wasUseful = true
    }
}
