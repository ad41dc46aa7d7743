import OTLPWire
import Testing

/// What the index says of spans.
@Suite struct SpanIndexTests {
    @Test("A span's entry has the fields that processors decide on")
    func fields() throws {
        let index = try traceIndex(fullTraces).index
        try #require(index.spans.count == 2)
        let span = index.spans[0]
        #expect(span.traceID == TraceID(high: 0xa5a5_a5a5_a5a5_a5a5, low: 0xa5a5_a5a5_a5a5_a501))
        #expect(span.spanID == 0x5a5a_5a5a_5a5a_5a01)
        #expect(span.startNanoseconds == 1000)
        #expect(span.endNanoseconds == 2000)
        #expect(span.kind == 2)
        #expect(span.statusCode == 2)
        #expect(span.flags == 0xffff_ff01)
        #expect(span.hasParent)
        #expect(string(fullTraces, span.traceState) == "vendor=1,ot=th:8")
        #expect(span.traceStatePrefix == 2)
        #expect(slice(fullTraces, span.range) == naiveSpans(fullTraces)?.first?.span)
        #expect(index.isWhole)

        let bare = index.spans[1]
        #expect(!bare.hasParent)
        #expect(bare.traceState == .empty)
        #expect(bare.kind == 0 && bare.statusCode == 0 && bare.flags == 0 && bare.startNanoseconds == 0)
    }

    @Test("62: of a scalar that occurs twice the last one counts")
    func lastWins() throws {
        let twice =
            field(1, traceID(1)) + varintField(6, 1) + fixed64Field(7, 1) + fixed64Field(8, 1) + fixed32Field(16, 1)
            + field(4, spanID(1)) + field(2, [1, 2])
            + field(1, traceID(2)) + varintField(6, 2) + fixed64Field(7, 2) + fixed64Field(8, 2) + fixed32Field(16, 2)
            + field(4, []) + field(2, spanID(2))
        let (index, validation) = try traceIndex(traces(twice))
        try #require(index.spans.count == 1)
        let span = index.spans[0]
        #expect(span.traceID.low & 0xff == 2 && span.spanID & 0xff == 2)
        #expect(span.kind == 2 && span.startNanoseconds == 2 && span.endNanoseconds == 2 && span.flags == 2)
        #expect(!span.hasParent)
        #expect(!validation.needsCanonicalForm)
    }

    @Test("75: unknown enum numbers are 255, and only the lower 32 bits of an enum count, as in protobuf")
    func enums() throws {
        func kind(_ value: UInt64) throws -> (UInt8, UInt8) {
            let request = traces(span(1, varintField(6, value) + field(15, varintField(3, value))))
            let span = try #require(try traceIndex(request).index.spans.first)
            return (span.kind, span.statusCode)
        }
        #expect(try kind(0) == (0, 0))
        #expect(try kind(254) == (254, 254))
        #expect(try kind(256) == (255, 255))
        #expect(try kind(.max) == (255, 255))
        #expect(try kind(1 << 32 | 3) == (3, 3))
    }

    @Test("A parent span id of zeros is none, of any length")
    func parents() throws {
        for (parent, hasParent) in [
            ([], false), ([0], false), ([0, 0, 1], true), (Bytes(repeating: 0, count: 8), false),
            (Bytes(repeating: 0, count: 9), false), (spanID(1), true), ([0, 0, 0, 0, 0, 0, 0, 1], true),
        ] as [(Bytes, Bool)] {
            #expect(try traceIndex(traces(span(1, field(4, parent)))).index.spans.map(\.hasParent) == [hasParent])
        }
    }

    @Test("61: unknown fields are skipped at every level")
    func unknownFields() throws {
        let unknown =
            varintField(300, .max) + fixed64Field(301, 1) + fixed32Field(302, 2) + field(303, [0xff, 0x0b])
            + varintField(17, 1)
        let inner = span(1, unknown + field(9, attribute("k", "v") + unknown) + unknown)
        let request =
            unknown
            + field(1, unknown + field(1, unknown) + field(2, field(1, unknown) + unknown + field(2, inner)) + unknown)
            + unknown
        let (index, validation) = try traceIndex(request)
        #expect(index.spans.count == 1)
        #expect(!validation.needsCanonicalForm)
        #expect(slice(request, index.spans[0].range) == inner)
    }

    @Test("64: the profiles' string indices are read over; the key and value count as empty")
    func stringIndices() throws {
        let pair = varintField(3, 5) + field(2, varintField(8, 7))
        let request = traces(span(1, field(9, pair)))
        let index = try traceIndex(request).index
        var attributes = AttributeCursor(request.span, message: index.spans[0].range, fieldNumber: 9)
        let next = attributes.next()
        let attribute = try #require(next)
        #expect(attribute.key.isEmpty)
        guard case .empty = attribute.value else {
            Issue.record("the value is \(attribute.value)")
            return
        }
    }

    @Test("65: a span with an invalid id is refused alone, with a reason")
    func invalidIDs() throws {
        let wrong: [(Bytes, String)] = [
            (field(2, spanID(1)), "a span's trace_id must be 16 bytes long"),
            (field(1, []) + field(2, spanID(1)), "a span's trace_id must be 16 bytes long"),
            (field(1, Bytes(repeating: 1, count: 15)) + field(2, spanID(1)), "a span's trace_id must be 16 bytes long"),
            (field(1, Bytes(repeating: 1, count: 17)) + field(2, spanID(1)), "a span's trace_id must be 16 bytes long"),
            (span(1) + field(1, [1]), "a span's trace_id must be 16 bytes long"),
            (field(1, Bytes(repeating: 0, count: 16)) + field(2, spanID(1)), "a span's trace_id must not be all zero"),
            (field(1, traceID(1)), "a span's span_id must be 8 bytes long"),
            (field(1, traceID(1)) + field(2, [1]), "a span's span_id must be 8 bytes long"),
            (field(1, traceID(1)) + field(2, Bytes(repeating: 1, count: 9)), "a span's span_id must be 8 bytes long"),
            (field(1, traceID(1)) + field(2, Bytes(repeating: 0, count: 8)), "a span's span_id must not be all zero"),
        ]
        for (bad, reason) in wrong {
            let request = traces(span(1), bad, span(2))
            let (index, validation) = try traceIndex(request)
            #expect(validation.refusedCount == 1)
            #expect(validation.refusedReason == reason)
            #expect(index.spans.map { $0.spanID & 0xff } == [1, 2])
            #expect(!index.isWhole)
            #expect(naiveSpans(written(index, request))?.map(\.span) == [span(1), span(2)])
        }
        let validation = try validateTraces(traces([], field(2, spanID(1)), field(1, traceID(1))).span)
        #expect(validation.refusedCount == 3)
        #expect(validation.index.itemCount == 0)
    }

    @Test("Filtering keeps order and groups, and says when nothing is left out")
    func filtering() throws {
        let index = try traceIndex(traces(span(1), span(2), span(3), span(4))).index
        #expect(index.filtered { _ in true } == nil)
        let odd = try #require(index.filtered { $0.spanID & 1 == 1 })
        #expect(odd.spans.map { $0.spanID & 0xff } == [1, 3])
        #expect(!odd.isWhole)
        #expect(index.filtered { _ in false }?.spans.isEmpty == true)
    }

    @Test("The index knows what it occupies")
    func memory() throws {
        let validation = try traceIndex(fullTraces).validation
        #expect(validation.index.memoryBytes >= 2 * MemoryLayout<SpanEntry>.stride)
        #expect(validation.index.itemCount == 2)
    }
}
