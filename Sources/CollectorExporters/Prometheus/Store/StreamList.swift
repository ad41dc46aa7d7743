/// The streams that one line shows, by their positions. Nearly always there is one, which takes no memory of its own.
struct StreamList {
    private(set) var first: Int?
    private(set) var others: [Int] = []

    var isEmpty: Bool { first == nil }

    /// Whether there is more than one.
    var isShared: Bool { !others.isEmpty }

    var all: [Int] { first.map { [$0] + others } ?? [] }

    mutating func append(_ stream: Int) {
        if first == nil { first = stream } else { others.append(stream) }
    }

    /// Removes streams in one pass; the others keep their order.
    mutating func removeAll(where isGone: (Int) -> Bool) {
        others.removeAll(where: isGone)
        guard let stream = first, isGone(stream) else { return }
        first = others.isEmpty ? nil : others.removeFirst()
    }
}
