/// Turns OTLP/JSON into protobuf bytes in one pass, without a tree between them: what it writes is never more than a
/// small multiple of what it reads, whatever the text.
///
/// Rules (conformance C): names are lowerCamelCase, unknown ones are skipped at any depth; `null` and absent mean the
/// default; defaults are not written, except members of a oneof. A name given twice and two members of one oneof are
/// errors: which one the sender meant cannot be known.
struct JSONToWire: ~Escapable {
    let schema = Schema.shared
    var cursor: JSONCursor
    var draft = WireDraft()
    private let limit: Int
    /// Fields and array elements around the current position, for error messages.
    private var path: [Step] = []

    private enum Step {
        case field(Int)
        case element(Int)
    }

    @_lifetime(copy json)
    init(_ json: Span<UInt8>, limit: Int) {
        cursor = JSONCursor(json)
        self.limit = limit
    }

    /// Reads the whole text.
    mutating func convert(_ message: Int) throws(JSONDecodingError) {
        do throws(JSONFault) {
            try value(ofMessage: message, depth: 1)
            guard cursor.peek() == nil else {
                throw JSONFault(offset: cursor.position, problem: "text after the end of the message")
            }
        } catch {
            throw JSONDecodingError(
                reason: error.reason, path: describePath(), offset: error.offset, problem: error.problem)
        }
    }

    /// Reads a message in its JSON form and writes its fields, without tag and length.
    mutating func value(ofMessage message: Int, depth: Int) throws(JSONFault) {
        guard depth <= MessageLimits.depth else {
            throw JSONFault(
                reason: .tooDeep, offset: cursor.position, problem: "nested deeper than \(MessageLimits.depth) levels")
        }
        switch schema.messages[message].form {
        case .object: try object(message, depth: depth)
        case .any: try any(message, depth: depth)
        case .duration: try duration()
        }
    }

    /// Reads an object whose members are the fields of a message.
    mutating func object(_ message: Int, depth: Int) throws(JSONFault) {
        try cursor.expect(UInt8(ascii: "{"), "an object")
        if cursor.consume(UInt8(ascii: "}")) { return }
        let fields = schema.messages[message].fields
        // By position in the message: names seen, and of those the ones with a value.
        var named: UInt64 = 0
        var valued: UInt64 = 0
        var expected = fields.lowerBound
        repeat {
            let name = try cursor.string()
            try cursor.expect(UInt8(ascii: ":"), "':' after a name")
            guard let index = find(name, in: fields, startingAt: expected) else {
                try cursor.skipValue()
                continue
            }
            expected = index + 1
            path.append(.field(index))
            let bit = UInt64(1) << UInt64((index - fields.lowerBound) & 63)
            guard named & bit == 0 else {
                throw JSONFault(offset: name.range.lowerBound, problem: "given twice in one object; leave one out")
            }
            named |= bit
            if !cursor.consumeNull() {
                try rejectSecondMember(index, in: fields, among: valued, at: name.range.lowerBound)
                valued |= bit
                try value(of: index, depth: depth)
            }
            path.removeLast()
        } while cursor.consume(UInt8(ascii: ","))
        try cursor.expect(UInt8(ascii: "}"), "',' or '}'")
    }

    private mutating func value(of index: Int, depth: Int) throws(JSONFault) {
        let field = schema.fields[index]
        guard field.isRepeated else {
            if field.type == .message {
                try submessage(field, depth: depth)
            } else {
                try scalar(field)
            }
            return try checkSize()
        }
        try cursor.expect(UInt8(ascii: "["), "an array")
        if cursor.consume(UInt8(ascii: "]")) { return }
        let packed = field.type.isPackable ? draft.open(field.number) : nil
        var position = 0
        repeat {
            path.append(.element(position))
            if field.type == .message {
                try submessage(field, depth: depth)
            } else if packed != nil {
                try packedElement(field)
            } else {
                try scalar(field)
            }
            try checkSize()
            path.removeLast()
            position += 1
        } while cursor.consume(UInt8(ascii: ","))
        if let packed { draft.close(packed) }
        try cursor.expect(UInt8(ascii: "]"), "',' or ']'")
    }

    private mutating func submessage(_ field: Schema.Field, depth: Int) throws(JSONFault) {
        let mark = draft.open(field.number)
        try value(ofMessage: field.target, depth: depth + 1)
        draft.close(mark)
    }

    private func checkSize() throws(JSONFault) {
        guard draft.count <= limit else {
            throw JSONFault(
                reason: .tooLarge, offset: cursor.position,
                problem: "the message has more than \(limit) bytes as protobuf; send it in smaller parts")
        }
    }

    private func rejectSecondMember(
        _ index: Int, in fields: Range<Int>, among valued: UInt64, at offset: Int
    ) throws(JSONFault) {
        guard let oneof = schema.fields[index].oneof else { return }
        for other in fields where schema.fields[other].oneof == oneof {
            guard valued & (1 << UInt64((other - fields.lowerBound) & 63)) == 0 else {
                throw JSONFault(
                    offset: offset, problem: "\(schema.jsonName(other)) is set too, and only one of the two may be")
            }
        }
    }

    /// The field a name stands for. Writers keep the order of the schema, so the search begins behind the last one
    /// found.
    private func find(_ name: JSONCursor.Text, in fields: Range<Int>, startingAt expected: Int) -> Int? {
        if name.hasEscapes {
            let unescaped = cursor.unescaped(name)
            return fields.first { schema.names[schema.fields[$0].name].elementsEqual(unescaped) }
        }
        for index in expected..<fields.upperBound where isName(name.range, of: index) { return index }
        for index in fields.lowerBound..<expected where isName(name.range, of: index) { return index }
        return nil
    }

    private func isName(_ range: Range<Int>, of index: Int) -> Bool {
        let name = schema.fields[index].name
        guard name.count == range.count else { return false }
        for position in 0..<name.count
        where schema.names[name.lowerBound + position] != cursor.bytes[range.lowerBound + position] {
            return false
        }
        return true
    }

    private func describePath() -> String {
        var result = ""
        for step in path {
            switch step {
            case .field(let index):
                if !result.isEmpty { result += "." }
                result += schema.jsonName(index)
            case .element(let position): result += "[\(position)]"
            }
        }
        return result
    }
}

/// Decodes OTLP/JSON.
///
/// - Parameters:
///   - json: the text, UTF-8.
///   - kind: what message it is.
///   - limit: how many bytes the result may have.
/// - Returns: the message as protobuf, fields in the order of the text. Ids have their right length or are empty;
///   nothing else about the data has been judged.
package func wireBytes(
    fromJSON json: Span<UInt8>, kind: MessageKind, limit: Int
) throws(JSONDecodingError) -> [UInt8] {
    do {
        _ = try UTF8Span(validating: json)
    } catch {
        throw JSONDecodingError(
            reason: .malformed, path: "", offset: error.byteOffsets.lowerBound, problem: "not UTF-8, as JSON has to be")
    }
    var converter = JSONToWire(json, limit: limit)
    // Values shrink or keep their size; only long arrays of small numbers grow.
    converter.draft.reserve(min(json.count / 2, limit))
    try converter.convert(Schema.shared.message(of: kind))
    return converter.draft.finish()
}
