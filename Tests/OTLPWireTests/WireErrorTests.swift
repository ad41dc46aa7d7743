import OTLPWire
import Testing

/// Conformance 63: what is not a message is an error that names the place.
@Suite struct WireErrorTests {
    /// Where the fields of the span in `traces(resource: [], scope: [], …)` begin.
    private let spanStart = 12

    private func check(
        _ more: Bytes, _ reason: WireError.Reason, _ message: String, field: UInt32, offset: Int,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let request = field1(more)
        guard let error = traceError(request) else {
            Issue.record("accepted \(hexadecimalText(more))", sourceLocation: sourceLocation)
            return
        }
        #expect(error.reason == reason, sourceLocation: sourceLocation)
        #expect("\(error.message)" == message, sourceLocation: sourceLocation)
        #expect(error.field == field, sourceLocation: sourceLocation)
        #expect(error.offset == spanStart + offset, sourceLocation: sourceLocation)
    }

    private func field1(_ span: Bytes) -> Bytes {
        traces(resource: [], scope: [], span)
    }

    @Test("63: a field cut off by the end of its message is truncated")
    func truncated() {
        check([0x30], .truncated, "Span", field: 6, offset: 1)
        check([0x30, 0x80], .truncated, "Span", field: 6, offset: 1)
        check([0x39, 1, 2, 3, 4, 5, 6, 7], .truncated, "Span", field: 7, offset: 0)
        check([0x41, 1, 2, 3, 4, 5, 6, 7], .truncated, "Span", field: 8, offset: 0)
        check([0x85, 0x01, 1, 2, 3], .truncated, "Span", field: 16, offset: 0)
        check([0x80], .truncated, "Span", field: 0, offset: 0)
        check(tag(900, 0), .truncated, "Span", field: 900, offset: 2)
        check(tag(900, 1) + [1], .truncated, "Span", field: 900, offset: 0)
        check(tag(900, 5) + [1], .truncated, "Span", field: 900, offset: 0)
        check(tag(900, 2) + [0x80], .truncated, "Span", field: 900, offset: 2)
        check([0x2a], .truncated, "Span", field: 5, offset: 1)
    }

    @Test("63: varints of more than ten bytes, tags and lengths of more than five are too long")
    func varintTooLong() {
        check([0x30] + varint(1, size: 11), .varintTooLong, "Span", field: 6, offset: 1)
        check(tag(900, 0) + varint(1, size: 11), .varintTooLong, "Span", field: 900, offset: 2)
        check(varint(0x30, size: 6) + [1], .varintTooLong, "Span", field: 0, offset: 0)
        check([0x2a] + varint(1, size: 6) + [65], .varintTooLong, "Span", field: 5, offset: 1)
        check(Bytes(repeating: 0xff, count: 40), .varintTooLong, "Span", field: 0, offset: 0)
    }

    @Test("63: the longest varints allowed are read")
    func longestVarints() throws {
        let more = [0x30] + varint(3, size: 10) + varint(0x2a, size: 5) + varint(2, size: 5) + Bytes("ab".utf8)
        let index = try traceIndex(field1(span(1, more))).index
        #expect(index.spans.map(\.kind) == [3])
    }

    @Test("63: a length that reaches beyond the message around it is an overrun")
    func lengthOverrun() {
        check([0x2a, 1], .lengthOverrun, "Span", field: 5, offset: 1)
        check([0x2a, 0xff, 0xff, 0xff, 0xff, 0x0f], .lengthOverrun, "Span", field: 5, offset: 1)
        check([0x0a, 17] + traceID(1), .lengthOverrun, "Span", field: 1, offset: 1)
        check(tag(900, 2) + [2, 0], .lengthOverrun, "Span", field: 900, offset: 2)
        // The attribute's key reaches into what follows the attribute.
        check([0x4a, 3, 0x0a, 2, 65] + field(5, "name"), .lengthOverrun, "KeyValue", field: 1, offset: 3)
        #expect(traceError([0x0a, 1])?.reason == .lengthOverrun)
        #expect(traceError([0x0a, 2, 0x12, 1])?.reason == .lengthOverrun)
    }

    @Test("63: field 0 and numbers above 2^29 - 1 do not exist")
    func invalidFieldNumber() {
        check([0x00, 0], .invalidFieldNumber, "Span", field: 0, offset: 0)
        check([0x07], .invalidFieldNumber, "Span", field: 0, offset: 0)
        check(varint(0x02, size: 3) + [0], .invalidFieldNumber, "Span", field: 0, offset: 0)
        check(varint(1 << 32) + [0], .invalidFieldNumber, "Span", field: 0, offset: 0)
        #expect(throws: Never.self) { try traceIndex(traces(span(1, varintField((1 << 29) - 1, 5)))) }
    }

    @Test("63: groups and wire types 6 and 7 are refused, whether the field is known or not", arguments: [3, 4, 6, 7])
    func unsupportedWireType(wireType: UInt32) {
        check(tag(5, wireType), .unsupportedWireType, "Span", field: 5, offset: 0)
        check(tag(9, wireType), .unsupportedWireType, "Span", field: 9, offset: 0)
        check(tag(900, wireType), .unsupportedWireType, "Span", field: 900, offset: 0)
        #expect(traceError(tag(1, wireType))?.reason == .unsupportedWireType)
        #expect(traceError(field(1, tag(2, wireType)))?.reason == .unsupportedWireType)
        #expect(traceError(field(1, field(2, tag(2, wireType))))?.reason == .unsupportedWireType)
    }

    @Test("63: every known field refuses every other wire type")
    func wrongWireType() throws {
        let values: [UInt32: Bytes] = [
            0: [1], 1: Bytes(repeating: 0, count: 8), 2: [0], 5: Bytes(repeating: 0, count: 4),
        ]
        for shape in MessageShape.allCases {
            for number in 1..<Schema.fieldsPerShape {
                let rule = Schema.rules[Int(shape.rawValue) * Schema.fieldsPerShape + number]
                let accepted: Set<UInt32>
                switch rule.kind {
                case .unknown: accepted = [0, 1, 2, 5]
                case .varint: accepted = [0]
                case .fixed64: accepted = [1]
                case .fixed32: accepted = [5]
                case .string, .bytes, .message: accepted = [2]
                case .repeatedVarint: accepted = [0, 2]
                case .repeatedFixed64: accepted = [1, 2]
                }
                for (wireType, value) in values {
                    let message = tag(UInt32(number), wireType) + value
                    let reason = verdict(of: message, as: shape)?.reason
                    #expect(
                        reason == (accepted.contains(wireType) ? nil : .wrongWireType),
                        "\(shape.name) field \(number) wire type \(wireType)")
                }
            }
        }
    }

    @Test("63: a string that is not UTF-8 is refused in every string field of every message")
    func invalidUTF8() {
        var fields = 0
        for shape in MessageShape.allCases {
            for number in 1..<Schema.fieldsPerShape {
                let rule = Schema.rules[Int(shape.rawValue) * Schema.fieldsPerShape + number]
                let isValid = verdict(of: field(UInt32(number), [0x41, 0xff]), as: shape)?.reason != .invalidUTF8
                #expect(isValid == (rule.kind != .string), "\(shape.name) field \(number)")
                if rule.kind == .string { fields += 1 }
            }
        }
        #expect(fields > 20)
        check(field(5, [0x41, 0xc3]), .invalidUTF8, "Span", field: 5, offset: 2)
        check(field(9, field(1, [0x80])), .invalidUTF8, "KeyValue", field: 1, offset: 4)
        check(field(9, field(1, "k") + field(2, field(1, [0x80]))), .invalidUTF8, "AnyValue", field: 1, offset: 9)
    }

    @Test("63: a packed field must end where an element ends")
    func invalidPackedLength() {
        func request(_ more: Bytes) -> Bytes { field(1, field(2, field(2, field(9, field(1, more))))) }
        for number: UInt32 in [6, 7] {
            #expect(metricError(request(field(number, Bytes(repeating: 0, count: 12))))?.reason == .invalidPackedLength)
        }
        // Buckets.bucket_counts of an exponential histogram are varints.
        let buckets = field(1, field(2, field(2, field(10, field(1, field(8, field(2, [1, 0x80])))))))
        #expect(metricError(buckets)?.reason == .truncated)
    }

    @Test("As many messages may be around a message as the budget says, and not one more", arguments: [true, false])
    func depth(usualForm: Bool) {
        // Three envelopes, the span and its attribute: the attribute's value has five around it.
        func nested(_ levels: Int) -> Bytes {
            var value = usualForm ? field(1, "x") : field(1, "x") + varintField(50, 1)
            for _ in 0..<((levels - 5) / 2) { value = field(5, field(1, value)) }
            return traces(span(1, field(9, field(1, "k") + field(2, value))))
        }
        #expect(traceError(nested(depthBudget - 1)) == nil)
        #expect(traceError(nested(depthBudget + 1))?.reason == .tooDeep)

        // By lists: each level is a list, a pair and a value.
        func listed(_ lists: Int, innermost: Bytes) -> Bytes {
            var value = innermost
            for _ in 0..<lists { value = field(6, field(1, field(1, "k") + field(2, value))) }
            return traces(span(1, field(9, field(1, "k") + field(2, value))))
        }
        let value = usualForm ? field(1, "x") : field(1, "x") + varintField(50, 1)
        // 5 + 3 * 83 = 254 around the innermost value; an array in it is the 255th, the array's value the 256th.
        #expect(traceError(listed(83, innermost: field(5, field(1, value)))) == nil)
        #expect(traceError(listed(83, innermost: field(6, field(1, field(1, "k"))))) == nil)
        // A pair at 256 whose value would be at 257.
        #expect(
            traceError(listed(83, innermost: field(6, field(1, field(1, "k") + field(2, value)))))?.reason == .tooDeep)
        #expect(traceError(listed(84, innermost: value))?.reason == .tooDeep)
    }

    @Test("Ten thousand levels do not exhaust the stack")
    func bomb() {
        var value: Bytes = []
        for level in 0..<10_000 { value = field(level % 2 == 0 ? 1 : 5, value) }
        #expect(traceError(traces(span(1, field(9, field(2, value)))))?.reason == .tooDeep)
    }

    @Test("An error says what is wrong, where and why")
    func description() {
        let error = traceError(traces(resource: [], scope: [], span(1, field(5, [0xff]))))
        #expect(
            error?.description
                == "invalid OTLP protobuf at byte 42 in field 5 of Span: the string is not valid UTF-8")
        let noField = traceError([0x00])
        #expect(
            noField?.description
                == "invalid OTLP protobuf at byte 0 in ExportTraceServiceRequest: "
                + "the field number is not between 1 and 536870911"
        )
    }

    private func metricError(_ bytes: Bytes) -> WireError? {
        do throws(WireError) {
            _ = try validateMetrics(bytes.span)
            return nil
        } catch {
            return error
        }
    }
}
