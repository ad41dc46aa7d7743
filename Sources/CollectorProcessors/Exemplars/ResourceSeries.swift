import OTLPWire

/// The series of one resource.
struct ResourceSeries {
    /// The keys of all that decides about a member.
    private(set) var keys: Set<UInt64> = []
    /// Series by what of a span decides about them.
    private(set) var matches: [SpanProjection: [SeriesKey]] = [:]
    /// Those that have the name of their spans as a label, by its hash: there may be thousands of operations.
    private var byName: [UInt64: Set<SeriesKey>] = [:]
    private var others: Set<SeriesKey> = []
    private(set) var memberCount = 0
    /// How many series all of `matches` name.
    private var matchedCount = 0

    /// Attribute values are what senders say, so there may be any number of projections.
    private static let matchLimit = 1024

    /// What is charged for, in bytes, beside the series.
    var size: Int {
        ExemplarCost.resource + ExemplarCost.match * (keys.count + memberCount + matchedCount)
            + ExemplarCost.projection * matches.count
    }

    var isEmpty: Bool { byName.isEmpty && others.isEmpty }

    /// The series that may measure a span of this name.
    func candidates(name: UInt64) -> [SeriesKey] { Array(others) + (byName[name] ?? []) }

    mutating func add(_ key: SeriesKey, _ series: TrackedSeries) {
        if let name = series.spanName { byName[name, default: []].insert(key) } else { others.insert(key) }
        keys.formUnion(series.rule.spanKeys(series.attributes))
        memberCount += 1
        forgetMatches()
    }

    mutating func remove(_ key: SeriesKey, _ series: TrackedSeries) {
        if let name = series.spanName {
            byName[name]?.remove(key)
            if byName[name]?.isEmpty == true { byName[name] = nil }
        } else {
            others.remove(key)
        }
        memberCount -= 1
        forgetMatches()
    }

    mutating func remember(_ series: [SeriesKey], for projection: SpanProjection) {
        if matches.count >= Self.matchLimit { forgetMatches() }
        matchedCount += series.count - (matches[projection]?.count ?? 0)
        matches[projection] = series
    }

    private mutating func forgetMatches() {
        guard !matches.isEmpty else { return }
        matches = [:]
        matchedCount = 0
    }
}
