// What `span_metrics` knows, without clocks, threads or consumers. Spans come into it as `SpanReader` has seen them:
//
//     SeenSpan ──▶ identity: its labels' values ──▶ slot of a series ──▶ count, sum, bucket (, exemplar)
//                                              └─ new: labels written out, bounds checked, values folded if too many
//
// The way of a known series allocates nothing.

import CollectorCore
import OTLPWire

/// The counts of one `span_metrics` connector.
struct SpanCounts: Sendable {
    let config: SpanMetricsConfig
    let plan: DimensionPlan
    let bounds: HistogramBounds
    /// As in the plan; the one of events, when these are counted, comes last.
    var families: [SeriesFamily]
    var resources: ResourceStore
    /// Spans of resources, or with labels found by globs, that there was no room for.
    private var labelOverflowCount = 0
    /// Whether a round of points is under way: the slots it goes through stay what they are.
    var isInRound = false

    /// - Parameter hashMask: the bits of hashes that series are found by; tests take few, so that all hashes collide.
    init(_ config: SpanMetricsConfig, room: SeriesRoom, hashMask: UInt64 = .max) {
        self.config = config
        plan = DimensionPlan(config)
        var bucketCount = 0
        var exponentialSize: Int?
        switch config.buckets {
        case .explicit(let durations):
            bounds = HistogramBounds(durations, unit: config.unit)
            bucketCount = bounds.bucketCount
        case .exponential(let size):
            bounds = HistogramBounds(HistogramBounds.standard, unit: config.unit)
            exponentialSize = size
        }
        families = plan.families.map { family in
            let store = SeriesStore(
                bucketCount: family.hasHistogram ? bucketCount : 0,
                exponentialSize: family.hasHistogram ? exponentialSize : nil, exemplarLimit: config.exemplarLimit,
                unit: config.unit, hashMask: hashMask)
            return SeriesFamily(store, config, room)
        }
        if config.eventDimensions != nil {
            let store = SeriesStore(
                bucketCount: 0, exponentialSize: nil, exemplarLimit: nil, unit: config.unit, hashMask: hashMask)
            families.append(SeriesFamily(store, config, room))
        }
        resources = ResourceStore(
            limit: config.resourceLimit, keys: config.resourceKeys, room: room, hashMask: hashMask)
    }

    /// A reader of the spans that are to be counted here.
    ///
    /// - Parameter seed: of the chance that fractions of spans are rounded by.
    func reader(seed: UInt64) -> SpanReader { SpanReader(config, plan, bounds, seed: seed) }

    /// Spans (and events) that were counted with a value folded.
    var foldedCount: Int { families.reduce(0) { $0 + $1.foldedCount } }
    /// Spans (and events) that were counted under `otel.metric.overflow`.
    var overflowCount: Int { families.reduce(labelOverflowCount) { $0 + $1.overflowCount } }
    var seriesCount: Int { families.reduce(0) { $0 + $1.store.count } }

    /// Counts what a reader has seen last.
    ///
    /// - Parameters:
    ///   - now: nanoseconds of the clock's `now()`.
    ///   - time: nanoseconds since 1970.
    mutating func count(
        _ reader: inout SpanReader, _ index: TraceIndex, _ bytes: Span<UInt8>, now: UInt64, time: UInt64
    ) {
        guard let scope = reader.scope else { return }
        let resource = slot(&reader, scope, index, bytes)
        labelOverflowCount += resource == ResourceStore.overflow ? reader.spanCount : reader.cutCount
        let words = reader.words
        for seen in reader.seen {
            let slot =
                families[seen.family].store.find(
                    seen.hash, words.span.extracting(seen.words), resource: resource)
                ?? newSlot(seen, resource, &reader, scope, index, bytes, now: now, time: time)
            families[seen.family].store.add(
                slot, seen.duration, bucket: seen.bucket, count: seen.count, weight: seen.weight, now: now)
            guard config.exemplarLimit != nil, seen.event == nil else { continue }
            let span = index.spans[seen.span]
            let exemplar = SpanExemplar(
                traceID: span.traceID, spanID: span.spanID, duration: seen.duration, time: span.endNanoseconds,
                bucket: seen.bucket)
            families[seen.family].store.offer(exemplar, to: slot)
        }
    }

    private mutating func newSlot(
        _ seen: SeenSpan, _ resource: Int, _ reader: inout SpanReader, _ scope: ScopeFacts, _ index: TraceIndex,
        _ bytes: Span<UInt8>, now: UInt64, time: UInt64
    ) -> Int {
        var labels = reader.labels(seen, index.spans[seen.span], scope, bytes)
        // They are told of without their resource, which nobody must take for another one.
        if resource == ResourceStore.overflow { labels = labels.marked(asOverflow: true) }
        let new = SeriesFamily.New(
            resource: resource, labels: labels, service: scope.resource.service.hash, now: now, time: time)
        return families[seen.family].folded(new)
            ?? families[seen.family].insert(new, seen.hash, reader.words.span.extracting(seen.words))
    }

    /// The slot of the resource, which may be another one in each piece: some make room for others.
    private mutating func slot(
        _ reader: inout SpanReader, _ scope: ScopeFacts, _ index: TraceIndex, _ bytes: Span<UInt8>
    ) -> Int {
        guard config.addsResource else { return 0 }
        if let known = resources.slot(reader.place) { return known }
        if resources.needsSweep, !isInRound { sweep() }
        let group = index.resources[Int(scope.resource.position)]
        reader.place = resources.place(group, resource: scope.resource.message, bytes)
        return reader.place.slot
    }
}
