import OTLPWire

/// The series of one or two metrics with the same labels, and the bounds they are kept in.
struct SeriesFamily: Sendable {
    var store: SeriesStore
    private var budget: ValueBudget
    private let limit: Int?
    private let room: SeriesRoom
    /// Spans that were counted with a label's value folded.
    private(set) var foldedCount = 0
    /// Spans that had to be counted without labels.
    private(set) var overflowCount = 0

    init(_ store: SeriesStore, _ config: SpanMetricsConfig, _ room: SeriesRoom) {
        self.store = store
        self.room = room
        budget = ValueBudget(limit: config.valueLimit)
        limit = config.seriesLimit
    }

    /// The slot for spans whose series was not found under `key`: a new one, or that of folded values, or the one without
    /// labels. Nothing is lost: totals stay exact.
    ///
    /// - Parameters:
    ///   - resource: the resource's slot.
    ///   - service: the hash of the service's name, for which values are counted.
    ///   - now: nanoseconds of the clock's `now()`; `time` is nanoseconds since 1970.
    mutating func newSlot(
        _ key: UInt64, resource: Int, _ labels: [SeriesLabel], service: UInt64, now: UInt64, time: UInt64
    ) -> Int {
        var key = key
        var labels = labels
        if fold(&labels, service) {
            foldedCount += 1
            // Told apart by what is left of the labels.
            key = labels.reduce(mixed(UInt64(resource) ^ LabelValue.other.hash)) { hash, label in
                mixed(hash ^ label.value.hash &+ UInt64(label.name.utf8.count))
            }
            if let known = store.find(key) { return known }
        }
        let attributes = Self.attributes(labels)
        guard hasRoom(for: attributes.count) else {
            overflowCount += 1
            return overflowSlot(now, time)
        }
        var budgeted: [(label: UInt64, value: UInt64)] = []
        for label in labels {
            guard let place = label.budgetKey else { continue }
            budget.add(label.value.hash, label: place)
            budgeted.append((place, label.value.hash))
        }
        return store.insert(
            Series(
                key: key, resource: resource, attributes: attributes, budgeted: budgeted, start: time, lastSeen: now))
    }

    /// Frees the series that are not to be kept, with the values and the bytes they took.
    mutating func keep(where isKept: (Series) -> Bool) {
        for series in store.keep(where: isKept) {
            for (label, value) in series.budgeted { budget.remove(value, label: label) }
            room.giveBack(store.bytes(forLabels: series.attributes.count))
        }
    }

    /// Replaces the values that are too many for their label; true when there were some.
    private func fold(_ labels: inout [SeriesLabel], _ service: UInt64) -> Bool {
        var isFolded = false
        var service = service
        for position in labels.indices where labels[position].budgetKey != nil {
            let isService = labels[position].name == "service.name"
            let name = LabelValue(labels[position].name).hash
            let place = ValueBudget.key(service: isService ? 0 : service, label: name)
            labels[position].budgetKey = place
            guard !budget.admits(labels[position].value.hash, label: place) else { continue }
            labels[position].value = .other
            labels[position].budgetKey = nil
            isFolded = true
            // The labels of folded services are counted together.
            if isService { service = LabelValue.other.hash }
        }
        return isFolded
    }

    private func hasRoom(for labelBytes: Int) -> Bool {
        if let limit, store.count >= limit { return false }
        return room.take(store.bytes(forLabels: labelBytes))
    }

    /// The series of everything that has no room (OpenTelemetry metrics SDK, "Cardinality limits").
    private mutating func overflowSlot(_ now: UInt64, _ time: UInt64) -> Int {
        let key = mixed(LabelValue.secret)
        if let known = store.find(key) { return known }
        let attributes = Self.attributes([SeriesLabel(name: "otel.metric.overflow", value: LabelValue(true))])
        _ = room.take(store.bytes(forLabels: attributes.count))
        return store.insert(
            Series(key: key, resource: 0, attributes: attributes, budgeted: [], start: time, lastSeen: now))
    }

    /// Labels as `Series.attributes`.
    private static func attributes(_ labels: [SeriesLabel]) -> [UInt8] {
        var list = MessageWriter()
        for label in labels {
            list.message(0) {
                $0.string(1, label.name)
                $0.bytes(2, label.value.bytes)
            }
        }
        return list.bytes
    }
}
