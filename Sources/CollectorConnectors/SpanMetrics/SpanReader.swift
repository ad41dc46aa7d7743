// What `span_metrics` finds out about spans before they are counted. It needs nothing of what was counted before, so every
// thread does it by itself: the counts, which all of them share, are locked only while a piece of spans is added to them.
//
//     spans ──▶ SpanReader: a piece of SeenSpans, each with the identity of its series ──▶ SpanCounts
//                           (attributes found, values hashed)                              (series found, counted)
//
// All memory is used again for the next piece: nothing is allocated for a span.

import OTLPWire

/// Reads the spans of requests, a piece after the other.
struct SpanReader: Sendable {
    let config: SpanMetricsConfig
    let plan: DimensionPlan
    private let bounds: HistogramBounds
    var finder: AttributeFinder
    /// What globs found in the span, by family.
    var globs: [GlobLabels]
    let hasGlobs: Bool
    var events: EventLabels?
    var resourceFinder: AttributeFinder
    var counter: AdjustedCounter
    private var identity = SeriesIdentity()

    /// What was read last: spans of one scope.
    private(set) var seen: [SeenSpan] = []
    /// The identities of their series, one behind the other; the first `wordCount` count.
    private(set) var words: [UInt64] = []
    private var wordCount = 0
    private(set) var scope: ScopeFacts?
    /// Where `SpanCounts` has found the resource of the scope.
    var place = ResourceStore.Place.none
    /// Spans of the piece with labels found by globs that there was no room for.
    private(set) var cutCount = 0
    /// Of the piece.
    private(set) var spanCount = 0
    /// Where the identities of its scope go on.
    private var start = SeriesIdentity.Mark()

    /// Takes what was seen last; what it leaves in `reader` is written over.
    typealias Piece = (_ reader: inout SpanReader) -> Void

    /// A piece ends with what makes it so large, also within the events of a span.
    private static let mostSpans = 64
    private static let mostSeen = 256
    private static let mostWords = 4096

    init(_ config: SpanMetricsConfig, _ plan: DimensionPlan, _ bounds: HistogramBounds, seed: UInt64) {
        self.config = config
        self.plan = plan
        self.bounds = bounds
        finder = plan.finder
        globs = plan.globs
        hasGlobs = globs.contains { !$0.isEmpty }
        events = config.eventDimensions.map { EventLabels($0, config) }
        resourceFinder = AttributeFinder(keys: ["service.name"] + plan.labels.map(\.name))
        counter = AdjustedCounter(seed: seed)
    }

    /// Reads all spans of a request, and hands over each piece.
    mutating func read(_ index: TraceIndex, _ bytes: Span<UInt8>, piece: Piece) {
        var position = 0
        while position < index.spans.count {
            let group = index.spans[position].scope
            let facts = scopeFacts(index, group, bytes)
            start = facts.begin(&identity, plan)
            scope = facts
            repeat {
                read(position, index.spans[position], facts, bytes, piece)
                spanCount += 1
                position += 1
                if isFull { handOver(piece) }
            } while position < index.spans.count && index.spans[position].scope == group
            handOver(piece)
        }
        scope = nil
        // What immense values took is not kept for other requests.
        identity.rewind(to: SeriesIdentity.Mark())
    }

    private var isFull: Bool {
        spanCount >= Self.mostSpans || seen.count >= Self.mostSeen || wordCount >= Self.mostWords
    }

    private mutating func handOver(_ piece: Piece) {
        if spanCount > 0 || !seen.isEmpty { piece(&self) }
        seen.removeAll(keepingCapacity: true)
        if words.count > 4 * Self.mostWords { words = [] }
        wordCount = 0
        cutCount = 0
        spanCount = 0
    }

    private mutating func read(
        _ position: Int, _ span: SpanEntry, _ scope: ScopeFacts, _ bytes: Span<UInt8>, _ piece: Piece
    ) {
        let name = finder.find(bytes, message: span.range, attributes: 9, name: 5)
        let adjusted = span.traceState.isEmpty ? .one : counter.count(bytes, span.traceState)
        let whole = adjusted.isExtrapolated ? counter.rounded(adjusted.value) : 1
        // conformance 233
        let duration = span.endNanoseconds > span.startNanoseconds ? span.endNanoseconds &- span.startNanoseconds : 0
        identity.rewind(to: start)
        SpanFacts(span, name: name, isExtrapolated: adjusted.isExtrapolated).append(to: &identity, plan, bytes)
        let common = identity.mark
        if hasGlobs { findGlobs(span, scope, bytes) }
        var new = SeenSpan(
            family: 0, span: position, words: 0..<0, hash: 0, count: whole, weight: adjusted.value, duration: duration,
            bucket: bounds.bucket(duration))
        for family in plan.families.indices {
            identity.rewind(to: common)
            appendLabels(of: family, scope, bytes)
            new.family = family
            note(new)
        }
        guard events != nil else { return }
        identity.rewind(to: common)
        appendLabels(of: 0, scope, bytes)
        new.family = plan.families.count
        readEvents(of: span, new, bytes, piece)
    }

    /// - Parameter new: what the span's events have in common; the identity is the one of the span's series.
    private mutating func readEvents(of span: SpanEntry, _ new: SeenSpan, _ bytes: Span<UInt8>, _ piece: Piece) {
        var new = new
        new.duration = 0
        new.bucket = 0
        let common = identity.mark
        var fields = FieldCursor(bytes, span.range)
        while let field = fields.next() {
            guard field.number == 11, case .bytes(let event) = field.value else { continue }
            identity.rewind(to: common)
            events?.find(event, bytes)
            events?.append(to: &identity, bytes)
            new.event = event
            note(new)
            if isFull { handOver(piece) }
        }
    }

    private mutating func note(_ new: SeenSpan) {
        var new = new
        let end = wordCount &+ identity.count
        if end > words.count { words += repeatElement(0, count: max(Self.mostWords, identity.count)) }
        identity.copy(to: &words, at: wordCount)
        new.words = wordCount..<end
        new.hash = identity.hash
        seen.append(new)
        wordCount = end
    }

    /// Appends the values of a family's own labels to the identity, as the finder and the globs have found them.
    private mutating func appendLabels(of family: Int, _ scope: ScopeFacts, _ bytes: Span<UInt8>) {
        // By index: neither list is copied for it.
        var position = 0
        while position < plan.families[family].labels.count {
            let label = plan.families[family].labels[position]
            if let value = finder.value(label) {
                identity.append(bytes, value)
            } else {
                identity.append(scope.resource.defaults[label])
            }
            position += 1
        }
        if hasGlobs { globs[family].append(to: &identity, bytes) }
    }

    private mutating func findGlobs(_ span: SpanEntry, _ scope: ScopeFacts, _ bytes: Span<UInt8>) {
        for family in globs.indices {
            globs[family].find(bytes, message: span.range, attributes: 9, others: scope.resource.globs[family])
        }
        if globs.contains(where: \.isCut) { cutCount += 1 }
    }
}
