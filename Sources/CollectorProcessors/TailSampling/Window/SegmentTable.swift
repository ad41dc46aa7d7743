// Which parts of the shard's memory are in use. A segment is 256 KiB, or a run of several when one record needs more.
// Segments in use form a list by age; empty ones are used again in any order, and those that traffic did not need for a
// while go back to the system.

/// The state of all segments, without their bytes.
struct SegmentTable {
    static let segmentBytes = 256 << 10

    enum State: UInt8 {
        case inUse
        /// Empty, its pages still there and charged.
        case idle
        /// Empty, its pages given back.
        case released
    }

    struct Segment {
        var state = State.released
        /// Segments in the run that begins here; 0 inside a run.
        var run = 0
        /// Bytes written.
        var used = 0
        /// Bytes and number of the span records whose spans have not left.
        var liveBytes = 0
        var liveSpans = 0
        /// Spans that were ever written here.
        var spans = 0
        /// Bytes of resources and scopes.
        var groupBytes = 0
        var older = none
        var newer = none

        /// About what emptying the segment would write elsewhere: the live spans, and their part of the groups. Right when
        /// each span has groups of its own, which is when it matters.
        var bytesToMove: Int { liveBytes &+ groupBytes &* liveSpans / max(1, spans) }
    }

    private(set) var segments: [Segment] = []
    private var idle = IdleStack()
    private var released: [Int] = []
    private(set) var oldest = none
    private(set) var newest = none
    /// Where `nextSparse` goes on looking.
    private var cursor = 0
    let maximumCount: Int

    init(maximumCount: Int) {
        self.maximumCount = maximumCount
    }

    subscript(segment: Int) -> Segment {
        @inline(__always) get { segments[segment] }
        @inline(__always) _modify { yield &segments[segment] }
    }

    /// The spans in all segments, counted one by one segment.
    var liveSpans: Int { segments.reduce(0) { $0 + $1.liveSpans } }

    /// A segment that is mostly dead though not empty, among the next ones it looks at; nil when there is none, or when
    /// an empty one is at hand anyway. All segments have their turn.
    mutating func nextSparse() -> Int? {
        guard idle.last == nil else { return nil }
        var found: Int?
        for _ in 0..<min(64, segments.count) {
            cursor = (cursor + 1) % segments.count
            let segment = segments[cursor]
            // Moving less than half of a segment frees more than it takes.
            guard segment.state == .inUse, segment.run == 1, cursor != Int(newest),
                segment.bytesToMove * 2 < segment.used
            else { continue }
            if segment.bytesToMove < found.map({ segments[$0].bytesToMove }) ?? .max { found = cursor }
        }
        return found
    }

    /// The segment where the run begins that `segment` is a part of.
    func head(of segment: Int) -> Int {
        var head = segment
        while head > 0, segments[head].run == 0 { head -= 1 }
        return head
    }

    /// A place for `count` segments side by side, and how many of them need memory.
    func place(for count: Int) -> (first: Int, missing: Int)? {
        if count == 1 {
            if let segment = idle.last { return (segment, 0) }
            if let segment = released.last { return (segment, 1) }
        } else if let first = firstRun(of: count) {
            return (first, segments[first..<first + count].count { $0.state == .released })
        }
        // At the end; for a run, together with the empty ones there.
        var first = segments.count
        while first > 0, segments.count - first < count - 1, segments[first - 1].state != .inUse { first -= 1 }
        guard first + count <= maximumCount else { return nil }
        let known = segments[first...].prefix(count)
        return (first, count - known.count { $0.state == .idle })
    }

    /// Takes the segments of `place(for:)` into use, as the newest.
    mutating func open(_ first: Int, count: Int) {
        while segments.count < first + count {
            released.append(segments.count)
            segments.append(Segment())
        }
        if count == 1, idle.last == first {
            _ = idle.pop()
        } else if count == 1, released.last == first {
            released.removeLast()
        } else {
            idle.remove { (first..<first + count).contains($0) }
            released.removeAll { (first..<first + count).contains($0) }
        }
        for segment in first..<first + count { segments[segment] = Segment(state: .inUse) }
        segments[first].run = count
        segments[first].older = newest
        if newest == none { oldest = UInt32(first) } else { segments[Int(newest)].newer = UInt32(first) }
        newest = UInt32(first)
    }

    /// Takes an empty segment out of use.
    mutating func close(_ first: Int) {
        let segment = segments[first]
        if segment.older == none { oldest = segment.newer } else { segments[Int(segment.older)].newer = segment.newer }
        if segment.newer == none { newest = segment.older } else { segments[Int(segment.newer)].older = segment.older }
        for member in first..<first + segment.run {
            segments[member] = Segment(state: .idle)
            idle.push(member)
        }
    }

    /// The empty segments that were not needed since the last call and are given back now; one is kept.
    mutating func releaseUnneeded() -> [Int] {
        let unneeded = Array(idle.takeUnneeded(keeping: newest == none ? 1 : 0))
        for segment in unneeded { segments[segment].state = .released }
        released += unneeded
        return unneeded
    }

    private func firstRun(of count: Int) -> Int? {
        var length = 0
        for (position, segment) in segments.enumerated() {
            length = segment.state == .inUse ? 0 : length + 1
            if length == count { return position - count + 1 }
        }
        return nil
    }
}
