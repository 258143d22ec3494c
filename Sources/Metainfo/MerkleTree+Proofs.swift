package import TorrentCore

/// Parts of a tree that prove themselves (BEP 52, `hashes`).
extension MerkleTree {
    /// The node that an answer's hashes lead up to, of the layer `provenLayer` and the index
    /// `provenIndex` of its request: where that node is known, and equal, the hashes are true. Nil
    /// where the answer is not as long as the request wants, or the request makes no sense. At most
    /// one hash for each in the answer.
    package static func provenNode(
        of request: HashRequest, hashes: [UInt8], hashing: some Hashing
    ) -> SHA256Digest? {
        let size = SHA256Digest.byteCount
        guard request.isWellFormed, hashes.count == request.hashCount * size else { return nil }
        let length = Int(request.length)
        var row = Array(hashes[..<(length * size)])
        for _ in 0..<request.depth {
            row = parents(of: row, padding: .zero, hashing: hashing)
        }
        var node = row
        var index = Int(request.index) >> request.depth
        for uncle in 0..<request.uncleCount {
            let start = (length + uncle) * size
            let other = Array(hashes[start..<start + size])
            let pair = index.isMultiple(of: 2) ? node + other : other + node
            node = hashing.sha256(pair.span).bytes
            index /= 2
        }
        return SHA256Digest(node)
    }

    /// The hashes that answer a request, 32 bytes each; nil where it makes no sense or `node`, asked
    /// for each by layer and index, does not know one.
    package static func answer(
        to request: HashRequest, height: Int,
        node: (_ layer: Int, _ index: Int) -> SHA256Digest?
    ) -> [UInt8]? {
        guard request.fits(height: height) else { return nil }
        var hashes: [UInt8] = []
        hashes.reserveCapacity(request.hashCount * SHA256Digest.byteCount)
        let first = Int(request.index)
        for index in first..<first + Int(request.length) {
            guard let hash = node(Int(request.baseLayer), index) else { return nil }
            hashes += hash.bytes
        }
        var layer = Int(request.baseLayer) + request.depth
        var index = first >> request.depth
        for _ in 0..<request.uncleCount {
            guard let uncle = node(layer, index ^ 1) else { return nil }
            hashes += uncle.bytes
            layer += 1
            index /= 2
        }
        return hashes
    }
}
