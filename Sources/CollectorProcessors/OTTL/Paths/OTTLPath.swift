/// Where a condition reads from.
enum OTTLPath: Sendable {
    case span(SpanField)
    case event(EventField)
    case resource(ResourceField)
    case scope(ScopeField)
    /// The attributes of one of these, as a map.
    case attributes(Owner)
    /// One attribute.
    case attribute(Owner, key: [UInt8])
    /// One member of the tracestate.
    case traceState(key: [UInt8])

    enum Owner: Sendable { case span, event, resource, scope }

    // Raw values are the names in conditions.

    enum SpanField: String, Sendable, CaseIterable {
        case traceID = "trace_id"
        case traceIDString = "trace_id.string"
        case spanID = "span_id"
        case spanIDString = "span_id.string"
        case parentSpanID = "parent_span_id"
        case parentSpanIDString = "parent_span_id.string"
        case traceState = "trace_state"
        case name
        case kind
        case kindString = "kind.string"
        case kindDeprecatedString = "kind.deprecated_string"
        case startTimeUnixNano = "start_time_unix_nano"
        case endTimeUnixNano = "end_time_unix_nano"
        case startTime = "start_time"
        case endTime = "end_time"
        case droppedAttributesCount = "dropped_attributes_count"
        case events
        case droppedEventsCount = "dropped_events_count"
        case links
        case droppedLinksCount = "dropped_links_count"
        case status
        case statusCode = "status.code"
        case statusMessage = "status.message"
        case flags

        var type: OTTLType {
            switch self {
            case .traceID: .traceID
            case .spanID, .parentSpanID: .spanID
            case .traceIDString, .spanIDString, .parentSpanIDString, .traceState, .name, .kindString,
                .kindDeprecatedString, .statusMessage:
                .string
            case .kind, .startTimeUnixNano, .endTimeUnixNano, .droppedAttributesCount, .droppedEventsCount,
                .droppedLinksCount, .statusCode, .flags:
                .int
            case .startTime, .endTime: .time
            case .events, .links, .status: .message
            }
        }
    }

    enum EventField: String, Sendable, CaseIterable {
        case name
        case timeUnixNano = "time_unix_nano"
        case time
        case droppedAttributesCount = "dropped_attributes_count"
        case eventIndex = "event_index"

        var type: OTTLType {
            switch self {
            case .name: .string
            case .time: .time
            case .timeUnixNano, .droppedAttributesCount, .eventIndex: .int
            }
        }
    }

    enum ResourceField: String, Sendable, CaseIterable {
        case droppedAttributesCount = "dropped_attributes_count"
        case schemaURL = "schema_url"
    }

    enum ScopeField: String, Sendable, CaseIterable {
        case name
        case version
        case droppedAttributesCount = "dropped_attributes_count"
        case schemaURL = "schema_url"
    }

    /// The type of its values; nil when that depends on the telemetry.
    var type: OTTLType? {
        switch self {
        case .span(let field): field.type
        case .event(let field): field.type
        case .resource(.droppedAttributesCount), .scope(.droppedAttributesCount): .int
        case .resource(.schemaURL), .scope(.name), .scope(.version), .scope(.schemaURL): .string
        case .attributes: .map
        // Nil for a tracestate that cannot be read.
        case .attribute, .traceState: nil
        }
    }
}

/// An index: `["key"]` or `[0]`.
enum OTTLKey: Sendable {
    case name([UInt8])
    case position(Int64)
}
