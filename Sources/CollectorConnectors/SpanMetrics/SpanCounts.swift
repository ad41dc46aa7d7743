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
    /// What globs found in the span, by family.
    private var globs: [GlobLabels]
    private let hasGlobs: Bool
    private var resourceFinder: AttributeFinder
    private var counter: AdjustedCounter
    private let hashMask: UInt64
    /// Spans of resources, or with labels found by globs, that there was no room for.
    private var labelOverflowCount = 0
    /// Whether a round of points is under way: the slots it goes through stay what they are.
    var isInRound = false

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
        globs = plan.globs
        hasGlobs = globs.contains { !$0.isEmpty }
        resourceFinder = AttributeFinder(keys: ["service.name"] + plan.labels.map(\.name))
        counter = AdjustedCounter(seed: seed)
    }

    /// Spans (and events) that were counted with a value folded.
    var foldedCount: Int { families.reduce(events?.family.foldedCount ?? 0) { $0 + $1.foldedCount } }
    /// Spans (and events) that were counted under `otel.metric.overflow`.
    var overflowCount: Int {
        families.reduce(labelOverflowCount + (events?.family.overflowCount ?? 0)) { $0 + $1.overflowCount }
    }
    var seriesCount: Int { families.reduce(events?.family.store.count ?? 0) { $0 + $1.store.count } }

    /// Counts all spans of a request.
    ///
    /// - Parameters:
    ///   - now: nanoseconds of the clock's `now()`.
    ///   - time: nanoseconds since 1970.
    mutating func count(_ index: TraceIndex, _ bytes: Span<UInt8>, now: UInt64, time: UInt64) {
        var facts: ScopeFacts?
        var scope: UInt32 = 0
        var resource: ResourceFacts?
        for span in index.spans {
            if facts == nil || span.scope != scope {
                scope = span.scope
                facts = scopeFacts(index, Int(scope), &resource, bytes)
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
        findGlobs(span, facts, bytes)
        for family in families.indices {
            // Fetched once: the way of a known series is the hot one.
            let own = plan.families[family].labels
            let key = hash(common, family, own, facts, bytes)
            let slot =
                find(key, family, own, about, facts, bytes)
                ?? newSlot(key, family, about, facts, bytes, now: now, time: time)
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
        let shared = EventCounts.Shared(
            key: hash(common, 0, plan.families[0].labels, facts, bytes), identity: identity(0, about, facts, bytes),
            resource: facts.resource.slot, service: facts.resource.service.hash, count: whole, weight: adjusted.value)
        countEvents(of: span, about, facts, shared, bytes, now: now, time: time)
    }

    private mutating func newSlot(
        _ key: UInt64, _ family: Int, _ about: SpanFacts, _ facts: ScopeFacts, _ bytes: Span<UInt8>, now: UInt64,
        time: UInt64
    ) -> Int {
        let labels = labels(family, about, facts, bytes)
        let new = SeriesFamily.New(
            key: key, resource: facts.resource.slot, labels: labels, service: facts.resource.service.hash, now: now,
            time: time)
        if let known = families[family].folded(new) { return known }
        return families[family].insert(new, identity(family, about, facts, bytes))
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
            let labels = labels(0, about, facts, bytes)
            counts.addNew(event, shared, labels, bytes, now: now, time: time)
        }
    }

    /// Adds the values of a family's own labels, as the finder has found them.
    ///
    /// - Parameter own: the positions of its labels.
    private func hash(
        _ common: UInt64, _ family: Int, _ own: [Int], _ facts: ScopeFacts, _ bytes: Span<UInt8>
    ) -> UInt64 {
        var hash = common
        for label in own {
            if let value = finder.values[label] {
                hash = mixed(hash ^ LabelValue.hash(bytes, value))
            } else {
                hash = mixed(hash ^ (facts.resource.defaults[label]?.hash ?? 1))
            }
        }
        return (hasGlobs ? globs[family].hash(hash, bytes) : hash) & hashMask
    }

    /// What tells a span's series from all others, its family's own labels as the finder has found them.
    private func identity(
        _ family: Int, _ about: SpanFacts, _ facts: ScopeFacts, _ bytes: Span<UInt8>
    ) -> SeriesIdentity {
        var identity = about.identity(plan, facts, bytes)
        for label in plan.families[family].labels {
            if let value = finder.values[label] {
                identity.append(bytes, value)
            } else {
                identity.append(facts.resource.defaults[label])
            }
        }
        globs[family].append(to: &identity, bytes)
        return identity
    }

    /// The slot of the series whose identity is what `identity` would be.
    private func find(
        _ key: UInt64, _ family: Int, _ own: [Int], _ about: SpanFacts, _ facts: ScopeFacts, _ bytes: Span<UInt8>
    ) -> Int? {
        var search = families[family].store.search(key)
        while let slot = families[family].store.next(&search) {
            if meets(slot, family, own, about, facts, bytes) { return slot }
        }
        return nil
    }

    private func meets(
        _ slot: Int, _ family: Int, _ own: [Int], _ about: SpanFacts, _ facts: ScopeFacts, _ bytes: Span<UInt8>
    ) -> Bool {
        let known = families[family].store.identities.bytes
        let stored = known.span
        var comparison = families[family].store.identities.comparison(slot)
        guard about.meets(stored, &comparison, plan, facts, bytes) else { return false }
        for label in own {
            let isSame =
                if let value = finder.values[label] {
                    comparison.meets(bytes, value, in: stored)
                } else {
                    comparison.meets(facts.resource.defaults[label], in: stored)
                }
            guard isSame else { return false }
        }
        if hasGlobs, !globs[family].meets(bytes, &comparison, in: stored) { return false }
        return comparison.isComplete
    }

    private func labels(
        _ family: Int, _ about: SpanFacts, _ facts: ScopeFacts, _ bytes: Span<UInt8>
    ) -> [SeriesLabel] {
        let named = plan.families[family].labels.compactMap { label in
            let found = LabelValue(bytes, finder.values[label])
            return (found ?? facts.resource.defaults[label]).map {
                SeriesLabel(name: plan.labels[label].name, value: $0, budgetKey: 0)
            }
        }
        let all = about.labels(plan, facts, bytes) + named + globs[family].labels(bytes)
        return all.marked(asOverflow: globs[family].isCut)
    }

    /// Looks for what globs find in a span, and notes when something of it has no room.
    private mutating func findGlobs(_ span: SpanEntry, _ facts: ScopeFacts, _ bytes: Span<UInt8>) {
        var isOverflow = facts.resource.slot == ResourceStore.overflow
        if hasGlobs {
            for family in globs.indices {
                globs[family].find(bytes, message: span.range, attributes: 9, others: facts.resource.globs[family])
                isOverflow = isOverflow || globs[family].isCut
            }
        }
        if isOverflow { labelOverflowCount += 1 }
    }

    /// - Parameter known: what was found out about the resource of the scope before; a resource may have many scopes.
    private mutating func scopeFacts(
        _ index: TraceIndex, _ position: Int, _ known: inout ResourceFacts?, _ bytes: Span<UInt8>
    ) -> ScopeFacts {
        let scope = index.scopes[position]
        let resource: ResourceFacts
        if let known, known.position == scope.parent {
            resource = known
        } else {
            resource = resourceFacts(index, scope.parent, bytes)
            known = resource
        }
        let scopeLabels = config.scopes.isEmpty ? [] : scopeLabels(scope, bytes)
        var hash = mixed(LabelValue.secret &+ UInt64(resource.slot))
        if plan.hasService { hash = mixed(hash ^ resource.service.hash) }
        for label in scopeLabels { hash = mixed(hash ^ label.value.hash) }
        var identity = SeriesIdentity()
        identity.append(UInt64(resource.slot))
        if plan.hasService { identity.append(resource.service) }
        for label in scopeLabels { identity.append(label.value) }
        return ScopeFacts(resource: resource, hash: hash, identity: identity, scopeLabels: scopeLabels)
    }

    private mutating func resourceFacts(
        _ index: TraceIndex, _ position: UInt32, _ bytes: Span<UInt8>
    ) -> ResourceFacts {
        let group = index.resources[Int(position)]
        let resource = payload(of: 1, in: group.head, bytes) ?? .empty
        _ = resourceFinder.find(bytes, message: resource, attributes: 1, name: 0)
        let values = resourceFinder.values.map { LabelValue(ofMany: bytes, $0) }
        if resources.needsSweep, !isInRound { sweep() }
        let slot = config.addsResource ? resources.slot(group, resource: resource, bytes) : 0
        var globMatches: [[GlobLabels.Match]] = []
        if hasGlobs {
            for family in globs.indices {
                globs[family].find(bytes, message: resource, attributes: 1, most: GlobLabels.limit + 1)
                globMatches.append(globs[family].matches)
            }
        }
        return ResourceFacts(
            position: position, slot: slot,
            // What SDKs call services without a name.
            service: values[0] ?? LabelValue("unknown_service"),
            defaults: plan.labels.indices.map { values[$0 + 1] ?? plan.labels[$0].fallback }, globs: globMatches)
    }

    private func scopeLabels(_ scope: GroupEntry, _ bytes: Span<UInt8>) -> [SeriesLabel] {
        guard let message = payload(of: 1, in: scope.head, bytes), let name = payload(of: 1, in: message, bytes),
            config.scopes.contains(text(bytes, name))
        else { return [] }
        var labels = [SeriesLabel(name: "span.instrumentation.scope.name", value: LabelValue(text(bytes, name)).ofMany)]
        if let version = payload(of: 2, in: message, bytes), !version.isEmpty {
            labels.append(
                SeriesLabel(name: "span.instrumentation.scope.version", value: LabelValue(text(bytes, version)).ofMany))
        }
        return labels
    }
}
