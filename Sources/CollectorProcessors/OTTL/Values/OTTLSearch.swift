/// Looks for one string in others. Both may come from senders, so it takes time linear in their lengths (Knuth, Morris,
/// Pratt).
struct OTTLSearch {
    private let part: [UInt8]
    /// For each prefix of the part, how much of its beginning its end repeats: where to go on after a mismatch.
    private let repeated: [Int]

    /// - Parameter part: not empty.
    init(for part: [UInt8]) {
        self.part = part
        var repeated = [Int](repeating: 0, count: part.count)
        var matched = 0
        for position in part.indices.dropFirst() {
            while matched > 0, part[position] != part[matched] { matched = repeated[matched - 1] }
            if part[position] == part[matched] { matched += 1 }
            repeated[position] = matched
        }
        self.repeated = repeated
    }

    /// Where the part begins first at or behind `start`; nil when it does not.
    func first(in text: Span<UInt8>, from start: Int = 0) -> Int? {
        var matched = 0
        var position = start
        while position < text.count {
            while matched > 0, text[position] != part[matched] { matched = repeated[matched - 1] }
            if text[position] == part[matched] { matched += 1 }
            position += 1
            if matched == part.count { return position - matched }
        }
        return nil
    }
}
