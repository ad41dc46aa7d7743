/// First in, first out, in an array of which the front is cut off now and then.
struct ArrayQueue<Element: Sendable>: Sendable {
    private var elements: [Element] = []
    private var head = 0
    /// How many that are gone may take room, beside as many as are there.
    private let slack: Int

    init(slack: Int = 1024) { self.slack = slack }

    var count: Int { elements.count - head }
    var isEmpty: Bool { head == elements.count }
    var first: Element? { isEmpty ? nil : elements[head] }

    mutating func append(_ element: Element) { elements.append(element) }

    @discardableResult mutating func popFirst() -> Element? {
        guard let element = first else { return nil }
        head += 1
        if isEmpty {
            elements.removeAll(keepingCapacity: head <= slack)
            head = 0
        } else if head > slack, head * 2 > elements.count {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }

    /// Keeps what `isKept` says, in its order.
    mutating func filter(_ isKept: (Element) -> Bool) {
        elements = elements[head...].filter(isKept)
        head = 0
    }
}
