import OTLPWire

/// Makes random messages of the schema, in every form protobuf allows: fields in any order, repeated, packed and
/// unpacked, unknown ones, long-form varints. All are valid.
struct MessageGenerator {
    var random: SplitMix64
    /// How many fields may still be written; keeps messages small.
    private var budget = 0

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
    }

    mutating func message(_ shape: MessageShape, fields: Int) -> Bytes {
        budget = fields
        return message(shape, depth: 0)
    }

    private mutating func message(_ shape: MessageShape, depth: Int) -> Bytes {
        let known = (1..<Schema.fieldsPerShape).filter { rule(shape, $0).kind != .unknown }
        var bytes: Bytes = shape == .span && !random.oneIn(8) ? span(UInt8.random(in: 1...4, using: &random)) : []
        var written: Set<Int> = []
        for _ in 0..<Int.random(in: depth < 3 ? 1...4 : 0...6, using: &random) where budget > 0 {
            budget -= 1
            guard !random.oneIn(12), let number = known.randomElement(using: &random) else {
                bytes += unknownField()
                continue
            }
            let rule = rule(shape, number)
            // Mostly what senders do: singular messages once.
            if rule.isSingular, !written.insert(number).inserted, !random.oneIn(10) { continue }
            bytes += value(rule, UInt32(number), depth)
        }
        return bytes
    }

    private func rule(_ shape: MessageShape, _ number: Int) -> FieldRule {
        Schema.rules[Int(shape.rawValue) * Schema.fieldsPerShape + number]
    }

    private mutating func value(_ rule: FieldRule, _ number: UInt32, _ depth: Int) -> Bytes {
        switch rule.kind {
        case .varint: varintField(number, integer())
        case .fixed64: fixed64Field(number, integer())
        case .fixed32: fixed32Field(number, UInt32(truncatingIfNeeded: integer()))
        case .string: delimited(number, Bytes(text().utf8))
        case .bytes, .unknown: delimited(number, someBytes())
        case .message: delimited(number, depth > 20 ? [] : message(rule.shape, depth: depth + 1))
        case .repeatedVarint:
            random.oneIn(2)
                ? varintField(number, integer()) : delimited(number, (0..<3).flatMap { _ in varint(integer()) })
        case .repeatedFixed64:
            random.oneIn(2)
                ? fixed64Field(number, integer())
                : delimited(number, (0..<3).flatMap { _ in littleEndian(integer(), 8) })
        }
    }

    private mutating func delimited(_ number: UInt32, _ payload: Bytes) -> Bytes {
        guard random.oneIn(20) else { return field(number, payload) }
        let size = Int.random(in: 1...5, using: &random)
        return varint(UInt64(number) << 3 | 2, size: size) + varint(UInt64(payload.count), size: size) + payload
    }

    private mutating func unknownField() -> Bytes {
        let number = UInt32.random(in: random.oneIn(2) ? 20...40 : 1000...((1 << 29) - 1), using: &random)
        return switch Int.random(in: 0..<4, using: &random) {
        case 0: varintField(number, integer())
        case 1: fixed64Field(number, integer())
        case 2: fixed32Field(number, 5)
        default: field(number, someBytes())
        }
    }

    private mutating func integer() -> UInt64 {
        random.next() >> UInt64.random(in: 0...63, using: &random)
    }

    private mutating func someBytes() -> Bytes {
        (0..<Int.random(in: 0...20, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    private mutating func text() -> String {
        let pieces = ["a", "http.method", "GET", "é", "注文", "🐦", "", "\u{0}", "ot=th:8", "a long piece of plain text "]
        return (0..<Int.random(in: 0...3, using: &random)).compactMap { _ in pieces.randomElement(using: &random) }
            .joined()
    }
}

/// Breaks messages: flips bits, sets bytes, cuts, repeats and inserts.
func mutate(_ bytes: Bytes, _ random: inout SplitMix64) -> Bytes {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
        let position = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<7, using: &random) {
        case 0: bytes[position] ^= 1 << UInt8.random(in: 0...7, using: &random)
        case 1: bytes[position] = UInt8.random(in: 0...255, using: &random)
        case 2: bytes[position] = [0x00, 0x7f, 0x80, 0xff, 0x0a, 0x12].randomElement(using: &random) ?? 0
        case 3: bytes.removeSubrange(position..<min(bytes.count, position + Int.random(in: 1...9, using: &random)))
        case 4: bytes.insert(UInt8.random(in: 0...255, using: &random), at: position)
        case 5: bytes.removeSubrange(position...)
        default:
            let end = min(bytes.count, position + Int.random(in: 1...30, using: &random))
            bytes.insert(contentsOf: bytes[position..<end], at: Int.random(in: 0...bytes.count, using: &random))
        }
    }
    return bytes
}
