package import OTLPWire

/// A span to be written, with defaults for everything a test does not care about.
package struct TestSpan: Sendable {
    package enum Kind: UInt64, Sendable {
        case unspecified, `internal`, server, client, producer, consumer
    }

    package var traceID: TraceID
    package var spanID: UInt64
    package var parentSpanID: UInt64 = 0
    package var name = "operation"
    package var kind = Kind.server
    package var start: UInt64 = 1_700_000_000_000_000_000
    package var duration: Duration = .milliseconds(10)
    package var attributes: TestAttributes = [:]
    /// `Status.code`; nil writes no status.
    package var statusCode: UInt64?
    package var traceState = ""
    package var flags: UInt32 = 0
    /// The traces that span links lead to.
    package var links: [TraceID] = []

    package init(
        _ traceID: TraceID, spanID: UInt64 = 1, name: String = "operation", kind: Kind = .server,
        start: UInt64 = 1_700_000_000_000_000_000, duration: Duration = .milliseconds(10),
        attributes: TestAttributes = [:], statusCode: UInt64? = nil, traceState: String = ""
    ) {
        self.traceID = traceID
        self.spanID = spanID
        self.name = name
        self.kind = kind
        self.start = start
        self.duration = duration
        self.attributes = attributes
        self.statusCode = statusCode
        self.traceState = traceState
    }

    /// The Span message.
    package var encoded: [UInt8] {
        let (seconds, attoseconds) = duration.components
        let end = start &+ UInt64(bitPattern: seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000)
        return ProtobufMessage { span in
            span.bytes(1, bigEndian(traceID.high) + bigEndian(traceID.low))
            span.bytes(2, bigEndian(spanID))
            if !traceState.isEmpty { span.string(3, traceState) }
            if parentSpanID != 0 { span.bytes(4, bigEndian(parentSpanID)) }
            span.string(5, name)
            span.varint(6, kind.rawValue)
            span.fixed64(7, start)
            span.fixed64(8, end)
            span.attributes(9, attributes)
            for link in links {
                span.message(13) {
                    $0.bytes(1, bigEndian(link.high) + bigEndian(link.low))
                    $0.bytes(2, bigEndian(1))
                }
            }
            if let statusCode { span.message(15) { $0.varint(3, statusCode) } }
            if flags != 0 { span.fixed32(16, flags) }
        }.bytes
    }
}

extension TraceID {
    /// A trace id that differs in all parts for different numbers.
    package static func test(_ number: UInt64) -> TraceID {
        TraceID(high: mixed(number &+ 0x1000), low: mixed(number &+ 0x2000_0000))
    }
}

/// The eight bytes of an id as they stand in messages.
package func bigEndian(_ value: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * UInt64($0))) }
}

/// One ResourceSpans in an ExportTraceServiceRequest. Concatenate the results for requests with several resources.
package func tracesRequest(
    resource: TestAttributes = ["service.name": "shop"], scope: String = "test", _ spans: [TestSpan]
) -> [UInt8] {
    request(resource: resource, scope: scope, items: spans.map(\.encoded))
}

/// The envelope that all signals share.
package func request(resource: TestAttributes, scope: String, items: [[UInt8]]) -> [UInt8] {
    ProtobufMessage { request in
        request.message(1) { group in
            group.message(1) { $0.attributes(1, resource) }
            group.message(2) { scopeGroup in
                scopeGroup.message(1) { $0.string(1, scope) }
                for item in items { scopeGroup.bytes(2, item) }
            }
        }
    }.bytes
}
