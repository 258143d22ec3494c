import TorrentCore

/// One connection between two nodes: an ordered byte stream in each direction.
struct SimulatedLink {
    /// The numbers of the two nodes; the first dialled.
    let nodes: (Int, Int)
    /// When the last bytes to each side arrive; later ones never overtake them.
    var arrival = (Timestamp.zero, Timestamp.zero)
    /// Bytes that have been sent to each side.
    var sent = (0, 0)
    var isOpen = true
    /// The link breaks after this many bytes to each side.
    var cut: (Int?, Int?) = (nil, nil)

    func node(_ side: Int) -> Int { side == 0 ? nodes.0 : nodes.1 }
}
