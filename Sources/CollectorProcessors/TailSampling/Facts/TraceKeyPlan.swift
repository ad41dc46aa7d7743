/// A part of a key: where its value comes from.
enum TraceKeyPart: Sendable, Hashable {
    /// An attribute of the root span, else of its resource. `service.name` says who sent the span and is looked for on
    /// the resource alone.
    case attribute(String)
    /// The root span's name.
    case rootSpanName

    /// How the name of the root span is written in a `key` list.
    static let rootSpanNameWords = "root span name"
    static let serviceName = TraceKeyPart.attribute("service.name")
    /// What traces are grouped by when `key` is not set.
    static let usual = [serviceName, rootSpanName]

    /// Whether two spans of one resource may differ in it.
    var needsSpan: Bool { self != .serviceName }
}

/// The lists of parts that traces are grouped by. The first one is always the service, for explanations.
struct TraceKeyPlan: Sendable {
    private(set) var keys: [[TraceKeyPart]] = [[.serviceName]]

    /// The place of a key in `TraceKeys`; nil when there are too many.
    mutating func add(_ parts: [TraceKeyPart]) -> Int? {
        if let known = keys.firstIndex(of: parts) { return known }
        guard keys.count < TraceKeys.capacity else { return nil }
        keys.append(parts)
        return keys.count - 1
    }
}
