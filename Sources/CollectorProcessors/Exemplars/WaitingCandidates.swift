// Before a series' first point nobody knows its bounds, or that it exists: the first point of a new route comes up to a
// minute after its first span. So spans that no known series measures wait, per resource and operation in cells of
// similar duration (four to an octave), a few of each, until a new series asks for them.
//
// Two generations bound the memory: when the young one is half of the limit, it becomes the old one, which goes.

import OTLPWire

/// Spans that wait for a series that measures them.
struct WaitingCandidates: Sendable {
    struct Candidate: Sendable {
        var span: SpanCandidate
        var attributes: [UInt64: UInt64]
    }

    private struct Cell: Sendable, Hashable {
        var projection: SpanProjection
        /// Tells operations apart before a series does, but no more of them than this has values.
        var name: UInt8
        var scale: UInt8
    }

    private struct Candidates: Sendable {
        var list: [Candidate] = []
        var changedAt: UInt64 = 0
    }

    private typealias Cells = [Cell: Candidates]

    private static let perCell = 4
    /// A full cell takes no more than one in this time, so that spans which nothing ever measures cost little.
    private static let interval: UInt64 = 1_000_000_000
    private let limit: Int
    private var young: [AttributeSetHash: Cells] = [:]
    private var old: [AttributeSetHash: Cells] = [:]
    private var youngCount = 0

    init(limit: Int) {
        self.limit = limit
    }

    /// Adds a span, unless its cell has enough; its attributes are asked for only if they are needed.
    mutating func add(
        _ span: SpanCandidate, _ projection: SpanProjection, resource: AttributeSetHash, now: UInt64,
        attributes: () -> [UInt64: UInt64]?
    ) {
        if youngCount >= max(1, limit / 2) {
            old = young
            young = [:]
            youngCount = 0
        }
        let cell = Cell(
            projection: projection, name: UInt8(truncatingIfNeeded: span.name), scale: Self.scale(span.duration))
        var candidates = young[resource]?[cell] ?? Candidates()
        let isFull = candidates.list.count >= Self.perCell
        if isFull, now &- candidates.changedAt < Self.interval { return }
        guard let attributes = attributes() else { return }
        if isFull { candidates.list.removeFirst() } else { youngCount += 1 }
        candidates.list.append(Candidate(span: span, attributes: attributes))
        candidates.changedAt = now
        young[resource, default: [:]][cell] = candidates
    }

    /// All candidates of a resource.
    func candidates(of resource: AttributeSetHash) -> [Candidate] {
        [old[resource], young[resource]].flatMap { ($0 ?? [:]).values.flatMap(\.list) }
    }

    /// A logarithmic scale with four steps to an octave.
    private static func scale(_ duration: UInt64) -> UInt8 {
        guard duration > 3 else { return UInt8(duration) }
        let exponent = 63 - duration.leadingZeroBitCount
        let step = (duration >> UInt64(exponent - 2)) & 3
        return UInt8(exponent * 4) + UInt8(step)
    }
}
