import CollectorCore

extension OTTLPath {
    private static let attributesName = "attributes"

    /// The path of a name such as `resource.attributes`, bare or with the prefix of its owner; nil when there is none.
    init?(_ name: String, in context: OTTLContext) {
        if let path = Self.bare(name, of: context == .span ? .span : .event) {
            self = path
            return
        }
        guard let dot = name.firstIndex(of: "."), let owner = Self.owner(name[..<dot], in: context),
            let path = Self.bare(String(name[name.index(after: dot)...]), of: owner)
        else { return nil }
        self = path
    }

    private static func owner(_ prefix: Substring, in context: OTTLContext) -> Owner? {
        switch prefix {
        case "span": .span
        case "spanevent" where context == .spanEvent: .event
        case "resource": .resource
        // `scope` is the older name.
        case "instrumentation_scope", "scope": .scope
        default: nil
        }
    }

    private static func bare(_ name: String, of owner: Owner) -> OTTLPath? {
        if name == attributesName { return .attributes(owner) }
        return switch owner {
        case .span: SpanField(rawValue: name).map { .span($0) }
        case .event: EventField(rawValue: name).map { .event($0) }
        case .resource: ResourceField(rawValue: name).map { .resource($0) }
        case .scope: ScopeField(rawValue: name).map { .scope($0) }
        }
    }

    /// What to say of a name that is no path.
    static func unknown(_ name: String, in context: OTTLContext) -> String {
        let isDuration = name == "duration" || name == "span.duration"
        if isDuration {
            return "unknown path `\(name)`; write `end_time_unix_nano - start_time_unix_nano` (nanoseconds)"
        }
        if context == .span, name == "spanevent" || name.hasPrefix("spanevent.") {
            return "`\(name)` is known in `spanevent` conditions only"
        }
        return "unknown path `\(name)`" + suggestion(for: name, among: names(in: context))
    }

    /// All names of a context, for suggestions.
    static func names(in context: OTTLContext) -> [String] {
        let span = SpanField.allCases.map(\.rawValue) + [attributesName]
        let event = EventField.allCases.map(\.rawValue) + [attributesName]
        let resource = ResourceField.allCases.map(\.rawValue) + [attributesName]
        let scope = ScopeField.allCases.map(\.rawValue) + [attributesName]
        return (context == .span ? span : event)
            + resource.map { "resource.\($0)" } + scope.map { "instrumentation_scope.\($0)" }
            + span.map { "span.\($0)" } + (context == .spanEvent ? event.map { "spanevent.\($0)" } : [])
    }
}

/// The enums of OTLP traces. In conditions they are ints.
enum OTTLEnum {
    static let values: [(name: String, number: Int64)] = [
        ("STATUS_CODE_UNSET", 0), ("STATUS_CODE_OK", 1), ("STATUS_CODE_ERROR", 2),
        ("SPAN_KIND_UNSPECIFIED", 0), ("SPAN_KIND_INTERNAL", 1), ("SPAN_KIND_SERVER", 2), ("SPAN_KIND_CLIENT", 3),
        ("SPAN_KIND_PRODUCER", 4), ("SPAN_KIND_CONSUMER", 5),
    ]

    static func number(named name: String) -> Int64? {
        values.first { $0.name == name }?.number
    }
}
