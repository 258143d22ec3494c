import TorrentCore

extension ReadingSimulation {
    /// Bytes of a `piece` message before its payload, and of a `reject`.
    private static let headerLength = 13

    func requested(_ link: Int, _ request: BlockRequest) {
        guard !links[link].isGone else { return }
        guard !links[link].isChoking else { return reject(link, request) }
        links[link].queue.append(request)
        fillSendBuffer(link)
    }

    func cancelled(_ link: Int, _ request: BlockRequest) {
        guard let index = links[link].queue.firstIndex(of: request) else { return }
        links[link].queue.remove(at: index)
        reject(link, request)
    }

    func left(_ link: Int, _ request: BlockRequest) {
        links[link].sending.removeFirst()
        links[link].bufferedBytes -= Int(request.length)
        fillSendBuffer(link)
        let free = max(now, downlinkFreeAt)
        downlinkFreeAt = free + .seconds(Double(request.length) / downlink)
        schedule(.arrived(link: link, request), at: downlinkFreeAt)
    }

    func choking(_ link: Int, _ isChoking: Bool) {
        guard case .chokes(let period, let time) = links[link].peer.trouble else { return }
        links[link].isChoking = isChoking
        if isChoking {
            let rejected = links[link].queue
            links[link].queue = []
            for request in rejected { reject(link, request) }
        }
        schedule(.choked(link: link, isChoking), at: links[link].freeAt)
        schedule(.choking(link: link, !isChoking), at: now + (isChoking ? time : period - time))
    }

    private func reject(_ link: Int, _ request: BlockRequest) {
        // It goes behind what is in the send buffer.
        guard links[link].peer.supportsFast,
            let end = links[link].peer.end(
                sending: Self.headerLength, from: max(now, links[link].freeAt))
        else { return }
        schedule(.rejected(link: link, request), at: end)
    }

    private func fillSendBuffer(_ link: Int) {
        while links[link].bufferedBytes < links[link].peer.sendBuffer,
            !links[link].queue.isEmpty
        {
            let request = links[link].queue.removeFirst()
            let length = Int(request.length)
            let start = max(now, links[link].freeAt)
            guard let begin = links[link].peer.end(sending: Self.headerLength, from: start),
                let end = links[link].peer.end(sending: length, from: begin)
            else { continue }
            links[link].bufferedBytes += length
            links[link].freeAt = end
            links[link].sending.append((begin, end))
            schedule(.began(link: link, request), at: begin)
            schedule(.left(link: link, request), at: end)
        }
    }
}
