/// First in, first out, at constant cost.
struct WorkQueue<Item: Sendable>: Sendable {
    private var items: [Item?] = []
    private var head = 0

    /// The one that `take` gives next.
    var first: Item? { head < items.count ? items[head] : nil }

    mutating func append(_ item: Item) { items.append(item) }

    mutating func take() -> Item? {
        guard head < items.count else { return nil }
        let item = items[head]
        items[head] = nil
        head += 1
        if head == items.count {
            items.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 1024, head > items.count / 2 {
            items.removeFirst(head)
            head = 0
        }
        return item
    }
}
