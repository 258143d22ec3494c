/// First in, first out, at constant cost.
struct WorkQueue: Sendable {
    private var items: [(@Sendable () -> Void)?] = []
    private var head = 0

    mutating func append(_ item: @escaping @Sendable () -> Void) { items.append(item) }

    mutating func take() -> (@Sendable () -> Void)? {
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
