/// A valid trace id that ends in `number`.
func traceID(_ number: UInt8) -> Bytes { Bytes(repeating: 0xa5, count: 15) + [number] }

/// A valid span id that ends in `number`.
func spanID(_ number: UInt8) -> Bytes { Bytes(repeating: 0x5a, count: 7) + [number] }

/// The Span message with ids, `more` behind them.
func span(_ number: UInt8, _ more: Bytes = []) -> Bytes {
    field(1, traceID(number)) + field(2, spanID(number)) + more
}

/// An ExportTraceServiceRequest of one resource with one attribute (`resource`) and one scope.
func traces(resource: Bytes = attribute("service.name", "a"), scope: Bytes = field(1, "s"), _ spans: Bytes...) -> Bytes
{
    let scopeSpans = field(1, scope) + spans.flatMap { field(2, $0) }
    return field(1, field(1, field(1, resource)) + field(2, scopeSpans))
}

/// A request with one span of everything the standard has in it.
let fullTraces: Bytes = {
    let values: [Bytes] = [
        field(1, "text"), varintField(2, 1), varintField(3, .max), fixed64Field(4, Double(1.5).bitPattern),
        field(5, field(1, field(1, "in an array")) + field(1, varintField(3, 300))),
        field(6, field(1, attribute("k", "v"))),
        field(7, [0, 255, 254]), [],
    ]
    let attributes = values.map { field(1, "kéy") + field(2, $0) }
    let event =
        fixed64Field(1, 5) + field(2, "event") + attributes.flatMap { field(3, $0) } + varintField(4, 1)
    let link =
        field(1, traceID(9)) + field(2, spanID(9)) + field(3, "a=b") + field(4, attribute("l", "")) + varintField(5, 3)
        + fixed32Field(6, 0x301)
    let parts: [Bytes] = [
        field(3, "vendor=1,ot=th:8"), field(4, spanID(7)), field(5, "GET /"), varintField(6, 2), fixed64Field(7, 1000),
        fixed64Field(8, 2000), attributes.flatMap { field(9, $0) }, varintField(10, 2), field(11, event),
        varintField(12, 1), field(13, link), varintField(14, 300), field(15, field(2, "bad") + varintField(3, 2)),
        fixed32Field(16, 0xffff_ff01), field(900, "from the future"),
    ]
    let entity = field(1, "url") + field(2, "service") + field(3, "id") + field(4, "description")
    let resource = attributes.flatMap { field(1, $0) } + varintField(2, 7) + field(3, entity)
    let scope = field(1, "scope") + field(2, "1.0") + field(3, attribute("a", "b")) + varintField(4, 1)
    let scopeSpans =
        field(1, scope) + field(2, span(1, parts.flatMap(\.self))) + field(2, span(2)) + field(3, "scope-url")
        + varintField(99, 5)
    return field(1, field(1, resource) + field(2, scopeSpans) + field(3, "resource-url") + fixed32Field(98, 6))
}()
