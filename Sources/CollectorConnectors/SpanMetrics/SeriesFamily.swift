import OTLPWire

/// The series of one or two metrics with the same labels, and the bounds they are kept in.
struct SeriesFamily: Sendable {
    var store: SeriesStore
    private var budget: ValueBudget
    private let limit: Int?
    private let room: SeriesRoom
    /// How many series each resource has, by its slot, those for what had no room not counted.
    private var resourceCounts: [Int: Int] = [:]
    /// Spans that were counted with a label's value folded.
    private(set) var foldedCount = 0
    /// Spans that had to be counted without their labels.
    private(set) var overflowCount = 0

    init(_ store: SeriesStore, _ config: SpanMetricsConfig, _ room: SeriesRoom) {
        self.store = store
        self.room = room
        budget = ValueBudget(limit: config.valueLimit)
        limit = config.seriesLimit
    }

    /// A series that was not found.
    struct New {
        /// The resource's slot.
        var resource: Int
        var labels: [SeriesLabel]
        /// The hash of the service's name, for which values are counted.
        var service: UInt64
        /// Nanoseconds of the clock's `now()`.
        var now: UInt64
        /// Nanoseconds since 1970.
        var time: UInt64
    }

    /// The slot of a series that differs from the others by its labels' values, unless there are too many of these.
    mutating func insert(_ new: New, _ hash: UInt64, _ identity: Span<UInt64>) -> Int {
        var new = new
        _ = fold(&new)
        return insert(new, hash, identity, Self.attributes(new.labels))
    }

    /// The slot of the series that counts what has too many values for a label; nil when none has.
    mutating func folded(_ new: New) -> Int? {
        var new = new
        guard fold(&new) else { return nil }
        foldedCount += 1
        // Told apart by what is left of the labels.
        let attributes = Self.attributes(new.labels)
        let identity = SeriesIdentity(folded: attributes)
        return store.find(identity.hash, identity.words.span, resource: new.resource)
            ?? insert(new, identity.hash, identity.words.span, attributes)
    }

    /// A new series, or the one of those that there is no room for. Nothing is lost: totals stay exact.
    private mutating func insert(
        _ new: New, _ hash: UInt64, _ identity: Span<UInt64>, _ attributes: [UInt8]
    ) -> Int {
        if let limit, resourceCounts[new.resource, default: 0] >= limit {
            noteOverflow(new)
            return overflowSlot(new.resource, new)
        }
        var series = Series(
            resource: new.resource, attributes: attributes, budgeted: [], bytes: 0, start: new.time,
            lastSeen: new.now)
        guard take(&series, identity) else {
            noteOverflow(new)
            return overflowSlot(0, new)
        }
        for label in new.labels {
            if let name = label.nameHash {
                let place = Self.namesPlace(new.service)
                budget.add(name, label: place)
                series.budgeted.append((place, name))
            }
            guard let place = label.budgetKey else { continue }
            budget.add(label.value.hash, label: place)
            series.budgeted.append((place, label.value.hash))
        }
        resourceCounts[new.resource, default: 0] += 1
        return store.insert(series, hash, identity)
    }

    /// Spans of resources there is no room for are counted as such already.
    private mutating func noteOverflow(_ new: New) {
        if new.resource != ResourceStore.overflow { overflowCount += 1 }
    }

    /// Frees the series that are not to be kept, with the values and the bytes they took.
    mutating func keep(where isKept: (Series) -> Bool) {
        for series in store.keep(where: isKept) {
            for (label, value) in series.budgeted { budget.remove(value, label: label) }
            if series.bytes > 0 { room.giveBack(series.bytes) }
            guard !series.isOverflow, let count = resourceCounts[series.resource] else { continue }
            resourceCounts[series.resource] = count > 1 ? count - 1 : nil
        }
    }

    /// Where the names are counted that senders chose for a service's labels.
    private static func namesPlace(_ service: UInt64) -> UInt64 {
        ValueBudget.key(service: service, label: ~LabelValue.hash("names found by globs"))
    }

    /// Takes out the labels whose names are too many, and says so; true when there were some.
    private func foldNames(_ new: inout New) -> Bool {
        let place = Self.namesPlace(new.service)
        let count = new.labels.count
        new.labels.removeAll { label in
            label.nameHash.map { !budget.admits($0, label: place) } ?? false
        }
        guard new.labels.count < count else { return false }
        new.labels = new.labels.marked(asOverflow: true)
        return true
    }

    /// Replaces the values that are too many for their label; true when there were some.
    private func fold(_ new: inout New) -> Bool {
        var isFolded = foldNames(&new)
        for position in new.labels.indices where new.labels[position].budgetKey != nil {
            let label = new.labels[position]
            let isService = label.name == "service.name"
            let place = ValueBudget.key(service: isService ? 0 : new.service, label: LabelValue.hash(label.name))
            new.labels[position].budgetKey = place
            // What senders themselves call so is not told apart: there are no two series with the same labels.
            guard label.value.bytes == LabelValue.other.bytes || !budget.admits(label.value.hash, label: place)
            else { continue }
            new.labels[position].value = .other
            new.labels[position].budgetKey = nil
            isFolded = true
            // The labels of folded services are counted together.
            if isService { new.service = LabelValue.other.hash }
        }
        return isFolded
    }

    /// Takes the bytes of a series; false when the process has no room for them.
    private func take(_ series: inout Series, _ identity: Span<UInt64>) -> Bool {
        let bytes = store.bytes(forLabels: series.attributes.count + 8 * identity.count)
        guard room.take(bytes) else { return false }
        series.bytes = bytes
        return true
    }

    /// The series of everything that has no room, for each resource its own (OpenTelemetry metrics SDK, "Cardinality
    /// limits"); the one of slot 0 when not even for that there is memory.
    private mutating func overflowSlot(_ resource: Int, _ new: New) -> Int {
        // Both have no attributes: one series tells of them.
        let resource = resource == ResourceStore.overflow ? 0 : resource
        let attributes = Self.attributes([.overflow])
        let identity = SeriesIdentity(folded: attributes)
        if let known = store.find(identity.hash, identity.words.span, resource: resource) { return known }
        var series = Series(
            resource: resource, attributes: attributes, budgeted: [], bytes: 0, start: new.time,
            lastSeen: new.now, isOverflow: true)
        guard take(&series, identity.words.span) || resource == 0 else { return overflowSlot(0, new) }
        return store.insert(series, identity.hash, identity.words.span)
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
