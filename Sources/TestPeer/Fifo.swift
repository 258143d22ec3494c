/// A first-in, first-out queue: constant time at both ends, linear to search.
struct Fifo<Element> {
    /// Spare room at the front that is put up with before the rest is moved.
    private static var slack: Int { 64 }

    private var elements: [Element] = []
    private var head = 0

    var isEmpty: Bool { head == elements.count }
    var count: Int { elements.count - head }
    var first: Element? { isEmpty ? nil : elements[head] }

    /// By position from the head.
    subscript(index: Int) -> Element { elements[head + index] }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func removeFirst() -> Element {
        let element = elements[head]
        head += 1
        if head == elements.count {
            removeAll()
        } else if head > Self.slack, head * 2 > elements.count {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }

    /// Takes out the first element of which `matches` holds; nil where there is none.
    mutating func removeFirst(where matches: (Element) -> Bool) -> Element? {
        for index in head..<elements.count where matches(elements[index]) {
            return elements.remove(at: index)
        }
        return nil
    }

    mutating func removeAll() {
        elements.removeAll(keepingCapacity: true)
        head = 0
    }
}
