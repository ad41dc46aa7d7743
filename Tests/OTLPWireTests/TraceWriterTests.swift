import OTLPWire
import Testing

/// What is written of an index is what the request said.
@Suite struct TraceWriterTests {
    /// Two resources of two scopes each, with unknown fields and both schema URLs; spans 1 to 8 in order.
    private let request: Bytes = {
        func scope(_ name: String, _ numbers: UInt8...) -> Bytes {
            field(
                2,
                field(1, field(1, name)) + numbers.flatMap { field(2, span($0, field(5, "span \($0)"))) }
                    + field(3, name))
        }
        func resource(_ name: String, _ scopes: Bytes) -> Bytes {
            field(
                1, varintField(200, 5) + field(1, field(1, attribute("service.name", name))) + scopes + field(3, "url"))
        }
        return resource("a", scope("one", 1, 2, 3) + scope("two", 4))
            + resource("b", scope("one", 5, 6) + scope("three", 7, 8))
    }()

    @Test("71, 74: the whole index is written byte for byte when lengths are in their short form")
    func whole() throws {
        let index = try traceIndex(request).index
        #expect(index.isWhole)
        #expect(written(index, request) == request)
        let full = try traceIndex(fullTraces).index
        #expect(written(full, fullTraces) == fullTraces)
    }

    @Test("74: any choice of spans keeps order, groups, schema URLs and unknown fields")
    func everyChoice() throws {
        let index = try traceIndex(request).index
        let all = try #require(naiveSpans(request))
        for choice in 0..<256 {
            let kept = index.filtered { choice >> (Int($0.spanID & 0xff) - 1) & 1 == 1 } ?? index
            let output = written(kept, request)
            let expected = all.enumerated().filter { choice >> $0.offset & 1 == 1 }.map(\.element)
            #expect(naiveSpans(output) == expected)
            #expect(TraceWriter(kept).size == output.count)
            let (again, validation) = try traceIndex(output)
            #expect(again.isWhole && !validation.needsCanonicalForm)
            // 73: no envelope without spans.
            #expect(naiveFields(output)?.count == Set(kept.spans.map { index.scopes[Int($0.scope)].parent }).count)
        }
    }

    @Test("71: long-form lengths around spans are read and written anew; those inside of spans stay")
    func longForm() throws {
        func long(_ number: UInt32, _ payload: Bytes) -> Bytes {
            varint(UInt64(number) << 3 | 2, size: 4) + varint(UInt64(payload.count), size: 5) + payload
        }
        let inner = span(1, long(5, Bytes("name".utf8)) + long(3, Bytes("ot=th:8".utf8)) + long(9, attribute("k", "v")))
        let request = long(
            1, long(1, []) + long(2, long(1, field(1, "s")) + long(2, inner) + long(2, span(2)) + long(3, [])))
        let index = try traceIndex(request).index
        let output = written(index, request)
        #expect(naiveSpans(output) == naiveSpans(request))
        // Three bytes less for each of four tags, four for three lengths and three for the outermost, which needs two.
        #expect(output.count == request.count - 4 * 3 - 3 * 4 - 3)

        var edited = index
        edited.replaceTraceState(at: 0, with: Bytes("ot=th:c".utf8))
        let spans = naiveSpans(written(edited, request))?.map(\.span)
        let changed = span(1, long(5, Bytes("name".utf8)) + field(3, "ot=th:c") + long(9, attribute("k", "v")))
        #expect(spans == [changed, span(2)])
    }

    @Test("A replaced tracestate changes nothing else; an empty one removes the field", arguments: [0, 5, 200, 20_000])
    func traceStates(length: Int) throws {
        let before = field(5, "before")
        let after = field(6 + 3, attribute("k", "v"))
        let request = traces(
            span(1, before + field(3, "old=1") + after), span(2, before + after), span(3, field(3, "")))
        let state = Bytes(repeating: UInt8(ascii: "x"), count: length)
        var index = try traceIndex(request).index
        for position in 0..<3 { index.replaceTraceState(at: position, with: state) }
        #expect(!index.isWhole)
        let output = written(index, request)
        #expect(output.count == TraceWriter(index).size)
        let new = length == 0 ? [] : field(3, state)
        #expect(
            naiveSpans(output)?.map(\.span)
                == [span(1, before + new + after), new + span(2, before + after), span(3, new)])
        let again = try traceIndex(output).index
        #expect(again.spans.map { slice(output, $0.traceState) } == [state, state, state])
        #expect(again.spans.map(\.traceID) == index.spans.map(\.traceID))
    }

    @Test("Edits follow their spans through filters")
    func editThenFilter() throws {
        var index = try traceIndex(request).index
        index.replaceTraceState(at: 4, with: Bytes("a=b".utf8))
        let kept = try #require(index.filtered { $0.spanID & 1 == 1 })
        let states = naiveSpans(written(kept, request))?.map { naiveFields($0.span)?.first { $0.number == 3 }?.payload }
        #expect(states == [nil, nil, Bytes("a=b".utf8), nil])
    }

    @Test("Nothing is written of no spans")
    func nothing() throws {
        let index = try #require(try traceIndex(request).index.filtered { _ in false })
        #expect(TraceWriter(index).size == 0)
        #expect(written(index, request) == [])
    }

    @Test("A writer stops at the end of its storage and says so")
    func overflow() throws {
        let index = try traceIndex(request).index
        let plan = TraceWriter(index)
        for capacity in [0, 1, 5, plan.size - 1] {
            let output = writtenBytes(capacity: capacity) { writer in
                plan.write(request.span, to: &writer)
                let isComplete = writer.isComplete
                #expect(!isComplete)
            }
            #expect(output.count <= capacity)
        }
        let complete = writtenBytes(capacity: plan.size) { writer in
            plan.write(request.span, to: &writer)
            let isComplete = writer.isComplete
            #expect(isComplete)
        }
        #expect(complete == request)
    }

    @Test("A writer refuses ranges that are not there")
    func ranges() {
        let bytes: Bytes = [1, 2, 3]
        for range in [ByteRange(0, 4), ByteRange(3, 2), ByteRange(4, 5)] {
            let output = writtenBytes(capacity: 10) { writer in
                writer.copy(bytes.span, range)
                let isComplete = writer.isComplete
                #expect(!isComplete)
            }
            #expect(output == [])
        }
    }

    @Test("Varints take the size that is computed for them")
    func varints() {
        for shift in 0..<64 {
            for value in [UInt64(1) << UInt64(shift), (1 << UInt64(shift)) - 1, .max >> UInt64(shift)] {
                let output = writtenBytes(capacity: 10) { $0.varint(value) }
                #expect(output == varint(value))
                #expect(varintSize(value) == output.count)
            }
        }
        #expect(fieldSize(payload: 127) == 129 && fieldSize(payload: 128) == 131 && fieldSize(payload: 0) == 2)
    }
}
