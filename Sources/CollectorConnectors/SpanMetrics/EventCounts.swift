import OTLPWire

/// The counts of span events by their own attributes, beside the labels their spans are counted by.
struct EventCounts: Sendable {
    /// What the events of one span have in common.
    struct Shared: Sendable {
        var key: UInt64
        /// What tells the span's series from others.
        var identity: SeriesIdentity
        var resource: Int
        /// The hash of the service's name.
        var service: UInt64
        /// How many spans their span stands for; `weight` is the same before rounding.
        var count: UInt64
        var weight: Double
    }

    var family: SeriesFamily
    private var finder: AttributeFinder
    private var globs: GlobLabels
    private let labels: [(name: String, fallback: LabelValue?)]

    init(_ dimensions: [SpanMetricsConfig.Dimension], _ config: SpanMetricsConfig, _ room: SeriesRoom) {
        let store = SeriesStore(bucketCount: 0, exponentialSize: nil, exemplarLimit: nil, unit: config.unit)
        family = SeriesFamily(store, config, room)
        let shown = dimensions.filter { $0.glob == nil && !config.excluded.contains($0.name) }
        labels = shown.map { ($0.name, $0.fallback.map { LabelValue($0) }) }
        finder = AttributeFinder(keys: shown.map(\.name))
        // What globs find in a span is a label of its events already.
        let known = config.dimensions + config.callsDimensions
        globs = GlobLabels(
            dimensions.compactMap(\.glob), hidden: config.ownNames.union((known + shown).map(\.name)),
            hiddenGlobs: known.compactMap(\.glob))
    }

    /// Counts an event; false when its series is not known.
    mutating func add(_ event: ByteRange, _ shared: Shared, _ bytes: Span<UInt8>, now: UInt64) -> Bool {
        guard let slot = find(key(event, shared, bytes), shared, bytes) else { return false }
        family.store.add(slot, 0, bucket: 0, count: shared.count, weight: shared.weight, now: now)
        return true
    }

    /// Counts an event whose series is not known.
    ///
    /// - Parameter spanLabels: the labels of its span.
    mutating func addNew(
        _ event: ByteRange, _ shared: Shared, _ spanLabels: [SeriesLabel], _ bytes: Span<UInt8>, now: UInt64,
        time: UInt64
    ) {
        let key = key(event, shared, bytes)
        let new = SeriesFamily.New(
            key: key, resource: shared.resource,
            labels: (spanLabels + ownLabels(bytes)).marked(asOverflow: globs.isCut),
            service: shared.service, now: now, time: time)
        let slot = family.folded(new) ?? family.insert(new, identity(shared, bytes))
        family.store.add(slot, 0, bucket: 0, count: shared.count, weight: shared.weight, now: now)
    }

    /// Finds the event's attributes and what its series is found by.
    private mutating func key(_ event: ByteRange, _ shared: Shared, _ bytes: Span<UInt8>) -> UInt64 {
        _ = finder.find(bytes, message: event, attributes: 3, name: 2)
        if !globs.isEmpty { globs.find(bytes, message: event, attributes: 3) }
        var key = shared.key
        for (position, label) in labels.enumerated() {
            let value = finder.values[position].map { LabelValue.hash(bytes, $0) }
            key = mixed(key ^ (value ?? label.fallback?.hash ?? 1))
        }
        return globs.hash(key, bytes)
    }

    /// What tells the event's series from others, by the attributes that `key` has found.
    private func identity(_ shared: Shared, _ bytes: Span<UInt8>) -> SeriesIdentity {
        var identity = shared.identity
        for (position, label) in labels.enumerated() {
            if let value = finder.values[position] {
                identity.append(bytes, value)
            } else {
                identity.append(label.fallback)
            }
        }
        globs.append(to: &identity, bytes)
        return identity
    }

    /// The slot of the series whose identity is what `identity` would be.
    private func find(_ key: UInt64, _ shared: Shared, _ bytes: Span<UInt8>) -> Int? {
        var search = family.store.search(key)
        while let slot = family.store.next(&search) {
            if meets(slot, shared, bytes) { return slot }
        }
        return nil
    }

    private func meets(_ slot: Int, _ shared: Shared, _ bytes: Span<UInt8>) -> Bool {
        let stored = family.store.identities.bytes.span
        var comparison = family.store.identities.comparison(slot)
        guard comparison.meets(parts: shared.identity.bytes.span, in: stored) else { return false }
        for (position, label) in labels.enumerated() {
            let isSame =
                if let value = finder.values[position] {
                    comparison.meets(bytes, value, in: stored)
                } else {
                    comparison.meets(label.fallback, in: stored)
                }
            guard isSame else { return false }
        }
        return globs.meets(bytes, &comparison, in: stored) && comparison.isComplete
    }

    private func ownLabels(_ bytes: Span<UInt8>) -> [SeriesLabel] {
        let named = labels.enumerated().compactMap { position, label in
            let found = LabelValue(bytes, finder.values[position])
            return (found ?? label.fallback).map { SeriesLabel(name: label.name, value: $0, budgetKey: 0) }
        }
        return named + globs.labels(bytes)
    }
}
