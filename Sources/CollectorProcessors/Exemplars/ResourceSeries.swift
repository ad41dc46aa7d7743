import OTLPWire

/// The series of one resource.
struct ResourceSeries {
    private(set) var members: [SeriesKey] = []
    /// The keys of all span attributes that decide about a member.
    private(set) var keys: Set<UInt64> = []
    /// Series by what of a span decides about them.
    private(set) var matches: [SpanProjection: [SeriesKey]] = [:]

    /// Attribute values are what senders say, so there may be any number of projections.
    private static let matchLimit = 1024

    mutating func add(_ key: SeriesKey, _ series: TrackedSeries) {
        members.append(key)
        keys.formUnion(series.rule.spanKeys(series.attributes))
        matches = [:]
    }

    mutating func remove(_ key: SeriesKey) {
        members.removeAll { $0 == key }
        matches = [:]
    }

    mutating func remember(_ series: [SeriesKey], for projection: SpanProjection) {
        if matches.count >= Self.matchLimit { matches = [:] }
        matches[projection] = series
    }
}
