import OTLPWire
import Testing

/// Cursors over fields and attributes.
@Suite struct ViewTests {
    private func fields(_ bytes: Bytes, _ range: ByteRange) -> [FieldCursor.Field] {
        var fields: [FieldCursor.Field] = []
        var cursor = FieldCursor(bytes.span, range)
        while let field = cursor.next() { fields.append(field) }
        return fields
    }

    private func attributes(_ message: Bytes, _ number: UInt32) -> [(String, String)] {
        var found: [(String, String)] = []
        var cursor = AttributeCursor(message.span, message: ByteRange(0, message.count), fieldNumber: number)
        while let next = cursor.next() { found.append((text(message.span, next.key), describe(next.value, message))) }
        return found
    }

    private func describe(_ value: AttributeValue, _ message: Bytes) -> String {
        switch value {
        case .empty: "empty"
        case .string(let range): "string \(text(message.span, range))"
        case .bool(let value): "bool \(value)"
        case .int(let value): "int \(value)"
        case .double(let value): "double \(value)"
        case .array(let range): "array \(hexadecimalText(slice(message, range)))"
        case .keyValueList(let range): "list \(hexadecimalText(slice(message, range)))"
        case .bytes(let range): "bytes \(hexadecimalText(slice(message, range)))"
        }
    }

    @Test("A cursor gives every field with its number, value and place")
    func fieldCursor() {
        let bytes = [9] + varintField(1, 300) + fixed64Field(2, 7) + field(3, "ab") + fixed32Field(4000, 8) + [9]
        let found = fields(bytes, ByteRange(1, bytes.count - 1))
        #expect(found.map(\.number) == [1, 2, 3, 4000])
        #expect(found.map(\.scalar) == [300, 7, 0, 8])
        #expect(found.map(\.payload.count) == [0, 0, 2, 0])
        #expect(found.map { slice(bytes, $0.range) }.flatMap(\.self) == Bytes(bytes.dropFirst().dropLast()))
        #expect(string(bytes, found[2].payload) == "ab")
    }

    @Test("On bytes that were not validated a cursor ends and never leaves its range")
    func garbage() {
        var random = SplitMix64(seed: 3)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                random.oneIn(2) ? UInt8.random(in: 0...31, using: &random) : UInt8.random(in: 0...255, using: &random)
            }
            let lower = Int.random(in: 0...50, using: &random)
            let range = ByteRange(lower, Int.random(in: 0...60, using: &random))
            var last = lower
            for field in fields(bytes, range) {
                #expect(field.range.start >= last && field.range.end <= min(range.end, bytes.count))
                #expect(field.payload.isEmpty || (field.payload.start > last && field.payload.end == field.range.end))
                last = field.range.end
            }
        }
    }

    @Test("Attributes are read with every kind of value")
    func attributeValues() {
        let values: [(Bytes, String)] = [
            ([], "empty"), (field(1, "v"), "string v"), (field(1, ""), "string "), (varintField(2, 1), "bool true"),
            (varintField(2, 0), "bool false"), (varintField(3, .max), "int -1"),
            (fixed64Field(4, Double(0.5).bitPattern), "double 0.5"), (field(5, [0x0a, 0]), "array 0a00"),
            (field(6, []), "list "), (field(7, [0xff]), "bytes ff"), (varintField(8, 3), "empty"),
            (field(1, "first") + varintField(3, 5), "int 5"), (varintField(99, 3) + field(1, "v"), "string v"),
        ]
        var message = field(5, "a name")
        for (value, _) in values { message += field(9, field(1, "k") + field(2, value)) + varintField(9000, 1) }
        let found = attributes(message, 9)
        #expect(found.map(\.1) == values.map(\.1))
        #expect(found.allSatisfy { $0.0 == "k" })
        #expect(attributes(message, 8).isEmpty)
        #expect(attributes(field(9, []) + field(9, field(2, field(1, "v"))), 9).map(\.0) == ["", ""])
    }

    @Test("A payload is that of the last occurrence")
    func payloads() {
        let bytes = field(3, "one") + varintField(4, 1) + field(3, "two")
        let whole = ByteRange(0, bytes.count)
        #expect(payload(of: 3, in: whole, bytes.span).map { text(bytes.span, $0) } == "two")
        #expect(payload(of: 4, in: whole, bytes.span) == nil)
        #expect(payload(of: 5, in: whole, bytes.span) == nil)
    }

    private func isName(_ bytes: Bytes, _ range: ByteRange, _ name: StaticString) -> Bool {
        matches(bytes.span, range, name)
    }

    @Test("Ranges are compared with names and turned into text")
    func matching() {
        let bytes = Bytes("xservice.namex".utf8)
        #expect(isName(bytes, ByteRange(1, 13), "service.name"))
        #expect(!isName(bytes, ByteRange(0, 12), "service.name"))
        #expect(!isName(bytes, ByteRange(1, 12), "service.name"))
        #expect(isName(bytes, .empty, ""))
        #expect(string(bytes, ByteRange(1, 8)) == "service")
        #expect(string(bytes, ByteRange(1, 99)) == "")
        #expect(string([0xff], ByteRange(0, 1)) == "")
    }
}
