import Testing

@testable import OTLPMessages

/// What holds for every message the schema can describe.
struct PropertyTests {
    @Test("any message survives JSON byte for byte", arguments: MessageKind.allCases)
    func anyMessage(kind: MessageKind) throws {
        var generator = RandomMessage(seed: 60)
        for _ in 0..<300 {
            let message = generator.message(Schema.shared.message(of: kind))
            let shown = try text(message, kind)
            let again = try wire(shown, kind, limit: 1 << 24)
            #expect(again == message, "\(shown)")
            let unchanged = try canonical(message, kind)
            #expect(unchanged == message)
        }
    }

    @Test("no message has more fields than the bit sets of the readers hold")
    func fieldCounts() {
        #expect(Schema.shared.messages.map(\.fields.count).max() ?? 0 <= 64)
        #expect(Schema.shared.fields.count > 100)
    }

    @Test("every field is found by its number, and no other number is")
    func lookup() {
        let schema = Schema.shared
        for message in schema.messages.indices {
            let numbers = Set(schema.messages[message].fields.map { schema.fields[$0].number })
            for number in UInt32(0)...2000 {
                let found = schema.field(number, of: message).map { schema.fields[$0].number }
                #expect(found == (numbers.contains(number) ? number : nil))
            }
        }
    }
}

/// Makes canonical messages with every kind of field and value.
private struct RandomMessage {
    private var random: SeededGenerator
    private let schema = Schema.shared

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    mutating func message(_ message: Int) -> [UInt8] {
        var draft = WireDraft()
        write(message, depth: 0, to: &draft)
        return draft.finish()
    }

    private mutating func write(_ message: Int, depth: Int, to draft: inout WireDraft) {
        // An Any holds bytes of the type it names; the details of a status are tested by themselves.
        if schema.messages[message].form == .any { return }
        // JSON has only durations of up to 10 000 years.
        if schema.messages[message].form == .duration {
            draft.tag(1, .varint)
            return draft.varint(UInt64.random(in: 1...300_000_000_000, using: &random))
        }
        var oneofs: Set<UInt32> = []
        for index in schema.messages[message].fields {
            let field = schema.fields[index]
            guard Int.random(in: 0..<(field.oneof == nil ? 2 : 4), using: &random) == 0 else { continue }
            if field.type == .message && depth > 12 { continue }
            if let oneof = field.oneof, !oneofs.insert(oneof).inserted { continue }
            let count = field.isRepeated ? Int.random(in: 1...3, using: &random) : 1
            if field.isRepeated && field.type.isPackable {
                let mark = draft.open(field.number)
                for _ in 0..<count { number(field, to: &draft) }
                draft.close(mark)
                continue
            }
            for _ in 0..<count { single(field, depth: depth, to: &draft) }
        }
    }

    private mutating func single(_ field: Schema.Field, depth: Int, to draft: inout WireDraft) {
        switch field.type {
        case .message:
            let mark = draft.open(field.number)
            write(field.target, depth: depth + 1, to: &draft)
            draft.close(mark)
        case .string:
            let strings = ["x", "é", "\0\u{1}\"\\/", "😀\u{2028}\u{FFFF}", String(repeating: "long", count: 60)]
            draft.field(field.number, (strings.randomElement(using: &random) ?? "").utf8)
        case .bytes: draft.field(field.number, (0...Int.random(in: 0...4, using: &random)).map { _ in byte() })
        case .identifier(let length): draft.field(field.number, (0..<length).map { _ in byte() })
        default:
            draft.tag(field.number, field.type.wireType)
            number(field, to: &draft)
        }
    }

    /// A value that is not the default, which would not be written outside a oneof.
    private mutating func number(_ field: Schema.Field, to draft: inout WireDraft) {
        let bits = random.next() >> UInt64.random(in: 0...62, using: &random) | 1
        switch field.type {
        case .double:
            // NaNs differ only in bits JSON does not carry.
            let value = Double(bitPattern: bits)
            draft.fixed64((value.isNaN ? Double.nan : value).bitPattern)
        case .bool: draft.varint(1)
        case .int32, .enumeration:
            draft.varint(UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: bits))))
        case .uint32, .sint32: draft.varint(bits & 0xFFFF_FFFF)
        case .fixed32: draft.fixed32(UInt32(truncatingIfNeeded: bits))
        case .fixed64, .sfixed64: draft.fixed64(bits)
        default: draft.varint(bits)
        }
    }

    private mutating func byte() -> UInt8 { UInt8.random(in: 0...255, using: &random) }
}
