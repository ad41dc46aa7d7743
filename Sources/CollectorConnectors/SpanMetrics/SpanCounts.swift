// What `span_metrics` knows and how spans come into it, without clocks, threads or consumers.
//
//     span ──▶ hash of its labels' values ──▶ slot of a series ──▶ count, sum, bucket (, exemplar)
//                                        └─ new: labels written out, bounds checked, values folded if there are too many
//
// The way of a known series allocates nothing: values are hashed in place. What can be known of a resource and its scope
// is found out once for all their spans.

import CollectorCore
import OTLPWire

/// The counts of one `span_metrics` connector.
struct SpanCounts: Sendable {
    let config: SpanMetricsConfig
    let plan: DimensionPlan
    let bounds: HistogramBounds
    var families: [SeriesFamily]
    /// The series of span events, when these are counted.
    var events: EventCounts?
    var resources: ResourceStore
    private var finder: AttributeFinder
    private var resourceFinder: AttributeFinder
    private var counter: AdjustedCounter
    private let hashMask: UInt64

    /// - Parameter hashMask: the bits of hashes that series are found by; tests take few, so that all hashes collide.
    init(_ config: SpanMetricsConfig, seed: UInt64, room: SeriesRoom, hashMask: UInt64 = .max) {
        self.hashMask = hashMask
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
                unit: config.unit)
            return SeriesFamily(store, config, room)
        }
        events = config.eventDimensions.map { EventCounts($0, config, room) }
        resources = ResourceStore(
            limit: config.resourceLimit, keys: config.resourceKeys, room: room, hashMask: hashMask)
        finder = plan.finder
        resourceFinder = AttributeFinder(keys: ["service.name"] + plan.labels.map(\.name))
        counter = AdjustedCounter(seed: seed)
    }

    /// Spans (and events) that were counted with a value folded.
    var foldedCount: Int { families.reduce(events?.family.foldedCount ?? 0) { $0 + $1.foldedCount } }
    /// Spans (and events) that were counted in the series without labels.
    var overflowCount: Int { families.reduce(events?.family.overflowCount ?? 0) { $0 + $1.overflowCount } }
    var seriesCount: Int { families.reduce(events?.family.store.count ?? 0) { $0 + $1.store.count } }

    /// Counts all spans of a request.
    ///
    /// - Parameters:
    ///   - now: nanoseconds of the clock's `now()`.
    ///   - time: nanoseconds since 1970.
    mutating func count(_ index: TraceIndex, _ bytes: Span<UInt8>, now: UInt64, time: UInt64) {
        var facts: ScopeFacts?
        var scope: UInt32 = 0
        for span in index.spans {
            if facts == nil || span.scope != scope {
                scope = span.scope
                facts = scopeFacts(index, Int(scope), bytes, now: now)
            }
            if let facts { count(span, facts, bytes, now: now, time: time) }
        }
    }

    private mutating func count(
        _ span: SpanEntry, _ facts: ScopeFacts, _ bytes: Span<UInt8>, now: UInt64, time: UInt64
    ) {
        let name = finder.find(bytes, message: span.range, attributes: 9, name: 5)
        let adjusted = span.traceState.isEmpty ? .one : counter.count(bytes, span.traceState)
        let whole = adjusted.isExtrapolated ? counter.rounded(adjusted.value) : 1
        let about = SpanFacts(span, name: name, isExtrapolated: adjusted.isExtrapolated)
        // conformance 233
        let duration = span.endNanoseconds > span.startNanoseconds ? span.endNanoseconds &- span.startNanoseconds : 0
        let bucket = bounds.bucket(duration)
        let common = about.hash(plan, facts, bytes)
        for family in families.indices {
            let own = plan.families[family].labels
            let key = hash(common, own, facts, bytes)
            let slot =
                find(key, family, own, about, facts, bytes)
                ?? newSlot(key, family, own, about, facts, bytes, now: now, time: time)
            families[family].store.add(
                slot, duration, bucket: bucket, count: whole, weight: adjusted.value, now: now)
            if config.exemplarLimit != nil {
                let exemplar = SpanExemplar(
                    traceID: span.traceID, spanID: span.spanID, duration: duration, time: span.endNanoseconds,
                    bucket: bucket)
                families[family].store.offer(exemplar, to: slot)
            }
        }
        guard events != nil else { return }
        let own = plan.families[0].labels
        let shared = EventCounts.Shared(
            key: hash(common, own, facts, bytes), identity: identity(own, about, facts, bytes),
            resource: facts.resourceSlot, service: facts.service.hash, count: whole, weight: adjusted.value)
        countEvents(of: span, about, facts, shared, bytes, now: now, time: time)
    }

    private mutating func newSlot(
        _ key: UInt64, _ family: Int, _ own: [Int], _ about: SpanFacts, _ facts: ScopeFacts, _ bytes: Span<UInt8>,
        now: UInt64, time: UInt64
    ) -> Int {
        let labels = about.labels(plan, facts, bytes) + ownLabels(own, facts, bytes)
        let new = SeriesFamily.New(
            key: key, resource: facts.resourceSlot, labels: labels, service: facts.service.hash, now: now, time: time)
        if let known = families[family].folded(new) { return known }
        return families[family].insert(new, identity(own, about, facts, bytes))
    }

    private mutating func countEvents(
        of span: SpanEntry, _ about: SpanFacts, _ facts: ScopeFacts, _ shared: EventCounts.Shared, _ bytes: Span<UInt8>,
        now: UInt64, time: UInt64
    ) {
        guard var counts = events.take() else { return }
        defer { events = counts }
        var fields = FieldCursor(bytes, span.range)
        while let field = fields.next() {
            guard field.number == 11, case .bytes(let event) = field.value else { continue }
            if counts.add(event, shared, bytes, now: now) { continue }
            let labels = about.labels(plan, facts, bytes) + ownLabels(plan.families[0].labels, facts, bytes)
            counts.addNew(event, shared, labels, bytes, now: now, time: time)
        }
    }

    /// Adds the values of a family's own labels, as the finder has found them.
    private func hash(_ common: UInt64, _ labels: [Int], _ facts: ScopeFacts, _ bytes: Span<UInt8>) -> UInt64 {
        var hash = common
        for label in labels {
            if let value = finder.values[label] {
                hash = mixed(hash ^ LabelValue.hash(bytes, value))
            } else {
                hash = mixed(hash ^ (facts.defaults[label]?.hash ?? 1))
            }
        }
        return hash & hashMask
    }

    /// What tells a span's series from all others, its family's own labels as the finder has found them.
    private func identity(
        _ labels: [Int], _ about: SpanFacts, _ facts: ScopeFacts, _ bytes: Span<UInt8>
    ) -> SeriesIdentity {
        var identity = about.identity(plan, facts, bytes)
        for label in labels {
            if let value = finder.values[label] {
                identity.append(bytes, value)
            } else {
                identity.append(facts.defaults[label])
            }
        }
        return identity
    }

    /// The slot of the series whose identity is what `identity` would be.
    private func find(
        _ key: UInt64, _ family: Int, _ labels: [Int], _ about: SpanFacts, _ facts: ScopeFacts, _ bytes: Span<UInt8>
    ) -> Int? {
        var search = families[family].store.search(key)
        while let slot = families[family].store.next(&search) {
            if meets(slot, family, labels, about, facts, bytes) { return slot }
        }
        return nil
    }

    private func meets(
        _ slot: Int, _ family: Int, _ labels: [Int], _ about: SpanFacts, _ facts: ScopeFacts, _ bytes: Span<UInt8>
    ) -> Bool {
        let known = families[family].store.identities.bytes
        let stored = known.span
        var comparison = families[family].store.identities.comparison(slot)
        guard about.meets(stored, &comparison, plan, facts, bytes) else { return false }
        for label in labels {
            let isSame =
                if let value = finder.values[label] {
                    comparison.meets(bytes, value, in: stored)
                } else {
                    comparison.meets(facts.defaults[label], in: stored)
                }
            guard isSame else { return false }
        }
        return comparison.isComplete
    }

    private func ownLabels(_ labels: [Int], _ facts: ScopeFacts, _ bytes: Span<UInt8>) -> [SeriesLabel] {
        labels.compactMap { label in
            let found = LabelValue(bytes, finder.values[label])
            return (found ?? facts.defaults[label]).map {
                SeriesLabel(name: plan.labels[label].name, value: $0, budgetKey: 0)
            }
        }
    }

    private mutating func scopeFacts(
        _ index: TraceIndex, _ position: Int, _ bytes: Span<UInt8>, now: UInt64
    ) -> ScopeFacts {
        let scope = index.scopes[position]
        let group = index.resources[Int(scope.parent)]
        let resource = payload(of: 1, in: group.head, bytes) ?? .empty
        _ = resourceFinder.find(bytes, message: resource, attributes: 1, name: 0)
        let values = resourceFinder.values.map { LabelValue(bytes, $0) }
        // What SDKs call services without a name.
        let service = values[0] ?? LabelValue("unknown_service")
        let slot = config.addsResource ? resources.slot(group, resource: resource, bytes, now: now) : 0
        let scopeLabels = config.scopes.isEmpty ? [] : scopeLabels(scope, bytes)
        var hash = mixed(LabelValue.secret &+ UInt64(slot))
        if plan.hasService { hash = mixed(hash ^ service.hash) }
        for label in scopeLabels { hash = mixed(hash ^ label.value.hash) }
        var identity = SeriesIdentity()
        identity.append(UInt64(slot))
        if plan.hasService { identity.append(service) }
        for label in scopeLabels { identity.append(label.value) }
        return ScopeFacts(
            resourceSlot: slot, hash: hash, identity: identity, service: service,
            defaults: plan.labels.indices.map { values[$0 + 1] ?? plan.labels[$0].fallback },
            scopeLabels: scopeLabels)
    }

    private func scopeLabels(_ scope: GroupEntry, _ bytes: Span<UInt8>) -> [SeriesLabel] {
        guard let message = payload(of: 1, in: scope.head, bytes), let name = payload(of: 1, in: message, bytes),
            config.scopes.contains(text(bytes, name))
        else { return [] }
        var labels = [SeriesLabel(name: "span.instrumentation.scope.name", value: LabelValue(text(bytes, name)))]
        if let version = payload(of: 2, in: message, bytes), !version.isEmpty {
            labels.append(
                SeriesLabel(name: "span.instrumentation.scope.version", value: LabelValue(text(bytes, version))))
        }
        return labels
    }

    /// Frees what has not been seen for long.
    mutating func expire(now: UInt64) {
        let oldest = config.seriesExpiration.map { now &- min(now, $0.nanoseconds) } ?? 0
        let oldestResource = config.resourceExpiration.map { now &- min(now, $0.nanoseconds) } ?? 0
        guard oldest > 0 || oldestResource > 0 else { return }
        var lastSeen: [Int: UInt64] = [:]
        if oldestResource > 0 {
            for family in families {
                for series in family.store.series where !series.isFree {
                    lastSeen[series.resource] = max(lastSeen[series.resource] ?? 0, series.lastSeen)
                }
            }
        }
        keepSeries { $0.lastSeen >= oldest && (lastSeen[$0.resource] ?? $0.lastSeen) >= oldestResource }
    }

    /// Frees the series that are not to be kept, and resources without series.
    mutating func keepSeries(where isKept: (Series) -> Bool) {
        for family in families.indices { families[family].keep(where: isKept) }
        events?.family.keep(where: isKept)
        var used: Set<Int> = []
        for store in families.map(\.store) + (events.map { [$0.family.store] } ?? []) {
            for series in store.series where !series.isFree { used.insert(series.resource) }
        }
        resources.keep { used.contains($0) }
    }
}
