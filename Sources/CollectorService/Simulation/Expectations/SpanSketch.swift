import CollectorCore
import OTLPWire

/// A span as a file of expectations writes it; everything has a default.
struct SpanSketch: Sendable {
    private enum Status: String, CaseIterable {
        case unset = "UNSET"
        case ok = "OK"
        case error = "ERROR"
    }

    private enum Kind: String, CaseIterable {
        case unspecified = "UNSPECIFIED"
        case inside = "INTERNAL"
        case server = "SERVER"
        case client = "CLIENT"
        case producer = "PRODUCER"
        case consumer = "CONSUMER"
    }

    private struct Event {
        var name: String
        var attributes: JSONValue
    }

    /// When traces of tests begin: 2026-01-01T00:00:00Z.
    private static let epoch: UInt64 = 1_767_225_600_000_000_000

    private let resource: JSONValue
    private let name: String
    private let kind: Int
    private let start: UInt64
    private let duration: UInt64
    private let status: Int
    private let traceState: String
    private let attributes: JSONValue
    private let events: [Event]

    init(_ reader: ConfigReader) {
        let service = reader.string("service", default: "service")
        let others = Self.attributes(reader, "resource")
        resource = .array([Self.attribute("service.name", .object([("stringValue", .string(service))]))] + others)
        name = reader.string("name", default: "operation")
        kind = Self.position(of: reader.enumeration("kind", default: Kind.server))
        start = reader.duration("start", default: .zero).nanoseconds
        duration = reader.duration("duration", default: .milliseconds(1)).nanoseconds
        status = Self.position(of: reader.enumeration("status", default: Status.unset))
        traceState = reader.string("trace_state", default: "")
        attributes = .array(Self.attributes(reader, "attributes"))
        events = reader.sections("events").map { event in
            Event(
                name: event.string("name", default: ""), attributes: .array(Self.attributes(event, "attributes")))
        }
    }

    /// The span alone in its resource, in OTLP/JSON. The first span of a trace is the parent of all others.
    func resourceSpans(_ trace: TraceID, number: Int, isRoot: Bool) -> JSONValue {
        let begin = Self.epoch &+ min(start, Self.epoch)
        let end = begin &+ min(duration, Self.epoch)
        let span: [(String, JSONValue)] = [
            ("traceId", .string("\(trace)")), ("spanId", .string(Self.spanID(number))),
            ("parentSpanId", .string(isRoot ? "" : Self.spanID(1))), ("traceState", .string(traceState)),
            ("name", .string(name)), ("kind", .integer(kind)), ("startTimeUnixNano", .string("\(begin)")),
            ("endTimeUnixNano", .string("\(end)")), ("attributes", attributes),
            (
                "events",
                .array(
                    events.map { event in
                        .object([
                            ("timeUnixNano", .string("\(begin)")), ("name", .string(event.name)),
                            ("attributes", event.attributes),
                        ])
                    })
            ),
            ("status", .object([("code", .integer(status))])),
        ]
        return .object([
            ("resource", .object([("attributes", resource)])),
            ("scopeSpans", .array([.object([("spans", .array([.object(span)]))])])),
        ])
    }

    private static func spanID(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: max(0, 16 - digits.count)) + digits
    }

    /// The number of a case in OTLP, which counts them in the order above.
    private static func position<Name: CaseIterable & Equatable>(of name: Name) -> Int {
        Name.allCases.enumerated().first { $0.element == name }?.offset ?? 0
    }

    // MARK: Attributes

    private static func attributes(_ reader: ConfigReader, _ key: String) -> [JSONValue] {
        reader.map(key).map { attribute($0.key, value($0.value)) }
    }

    private static func attribute(_ key: String, _ value: JSONValue) -> JSONValue {
        .object([("key", .string(key)), ("value", value)])
    }

    /// AnyValue by what YAML says the value is: `200` is a number, `"200"` is text.
    private static func value(_ node: ConfigNode) -> JSONValue {
        switch node.value {
        case .null: return .object([])
        case .list(let items):
            return .object([("arrayValue", .object([("values", .array(items.map(value)))]))])
        case .map(let entries):
            let members = entries.map { attribute($0.key, value($0.value)) }
            return .object([("kvlistValue", .object([("values", .array(members))]))])
        case .scalar(let text, _):
            if let flag = try? node.decodeBool() { return .object([("boolValue", .bool(flag))]) }
            if let number = try? node.decodeInteger() { return .object([("intValue", .string("\(number)"))]) }
            if let number = try? node.decodeDouble() { return .object([("doubleValue", .number(number))]) }
            return .object([("stringValue", .string(text))])
        }
    }
}
