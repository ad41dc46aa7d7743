import CollectorCore
import OTLPWire

extension Segment {
    /// The first `count` items and the rest, over the same bytes; nil where the index does not name single items
    /// (metrics and logs), so that the segment can only be sent whole.
    func split(after count: Int) -> (head: Segment, rest: Segment)? {
        guard case .traces(let index) = index, count > 0, count < index.spans.count else { return nil }
        var head = index
        head.isWhole = false
        head.spans = Array(index.spans[..<count])
        var rest = index
        rest.isWhole = false
        rest.spans = Array(index.spans[count...])
        return (reindexed(head), reindexed(rest))
    }
}
