extension JSONToWire {
    /// Reads a value that is no message and writes it as a field of its own, unless it is a default that needs no
    /// writing.
    mutating func scalar(_ field: Schema.Field) throws(JSONFault) {
        // An element of an array and a member of a oneof count even when they are zero.
        let isExplicit = field.oneof != nil || field.isRepeated
        switch field.type {
        case .string:
            let text = try cursor.string()
            if text.range.isEmpty && !isExplicit { return }
            let mark = draft.open(field.number)
            append(text)
            draft.close(mark)
        case .bytes: try base64(field, isExplicit: isExplicit)
        case .identifier(let length): try identifier(field, length: length)
        default:
            let bits = try number(field)
            if bits == 0 && !isExplicit { return }
            draft.tag(field.number, field.type.wireType)
            write(bits, field.type)
        }
    }

    /// Reads a number that is an element of a packed field and writes it.
    mutating func packedElement(_ field: Schema.Field) throws(JSONFault) {
        let bits = try number(field)
        write(bits, field.type)
    }

    private mutating func append(_ text: JSONCursor.Text) {
        if text.hasEscapes {
            cursor.forEachUnescaped(text) { draft.append($0) }
        } else {
            draft.append(cursor.bytes.extracting(text.range))
        }
    }

    private mutating func write(_ bits: UInt64, _ type: FieldType) {
        switch type.wireType {
        case .fixed64: draft.fixed64(bits)
        case .fixed32: draft.fixed32(UInt32(truncatingIfNeeded: bits))
        default: draft.varint(bits)
        }
    }

    /// Reads a number, bool or enum: the bits to be written, as a varint or a fixed value.
    private mutating func number(_ field: Schema.Field) throws(JSONFault) -> UInt64 {
        switch field.type {
        case .double: return try double().bitPattern
        case .bool:
            guard let value = cursor.bool() else { throw cursor.unexpected("true or false") }
            return value ? 1 : 0
        case .uint64, .fixed64: return UInt64(bitPattern: try integer(0, UInt64.max))
        case .int64, .sfixed64: return UInt64(bitPattern: try integer(Int64.min, UInt64(Int64.max)))
        case .uint32, .fixed32: return UInt64(bitPattern: try integer(0, UInt64(UInt32.max)))
        // Negative values of 32 bits are sign-extended to 64 as varints.
        case .int32: return UInt64(bitPattern: try integer(Int64(Int32.min), UInt64(Int32.max)))
        case .sint32:
            let value = Int32(truncatingIfNeeded: try integer(Int64(Int32.min), UInt64(Int32.max)))
            return UInt64(UInt32(bitPattern: (value << 1) ^ (value >> 31)))
        default: return UInt64(bitPattern: Int64(try enumeration(field)))
        }
    }

    /// Reads a whole number: a JSON number, or a string that holds one. The bits of the value, whose range is
    /// `low...high`.
    private mutating func integer(_ low: Int64, _ high: UInt64) throws(JSONFault) -> Int64 {
        guard let (decimal, text) = try decimalNumber() else { throw cursor.unexpected("an integer") }
        guard case .value(let magnitude)? = decimal?.integer,
            decimal?.isNegative == true ? magnitude <= low.magnitude : magnitude <= high
        else {
            throw JSONFault(
                offset: text.range.lowerBound,
                problem: "expected an integer from \(low) to \(high), found \(cursor.excerpt(text))")
        }
        let bits = Int64(bitPattern: magnitude)
        return decimal?.isNegative == true ? 0 &- bits : bits
    }

    /// Reads a JSON number, a string that holds one, or one of the names proto3 JSON gives the rest.
    private mutating func double() throws(JSONFault) -> Double {
        let start = cursor.position
        guard let (decimal, range) = try decimalNumber() else { throw cursor.unexpected(Self.doubleForms) }
        if let exact = decimal?.exactDouble { return exact }
        // The rare rest: many digits, a large exponent, a name, or escapes.
        let spelled = String(decoding: cursor.unescaped(range), as: UTF8.self)
        switch (decimal, spelled) {
        case (nil, "NaN"): return .nan
        case (nil, "Infinity"): return .infinity
        case (nil, "-Infinity"): return -.infinity
        case (nil, _):
            throw JSONFault(offset: start, problem: "expected \(Self.doubleForms), found \(cursor.excerpt(range))")
        case (.some, _):
            guard let value = Double(spelled), value.isFinite else {
                throw JSONFault(offset: start, problem: "this number is too large for a double")
            }
            return value
        }
    }

    private static let doubleForms = #"a number, "NaN", "Infinity" or "-Infinity""#

    /// Reads a number or a string: the number, nil when the string holds none, and the text. Nil when the next token is
    /// neither.
    private mutating func decimalNumber() throws(JSONFault) -> (DecimalNumber?, JSONCursor.Text)? {
        guard let first = cursor.peek() else { return nil }
        if first == UInt8(ascii: "\"") {
            let text = try cursor.string()
            if text.hasEscapes { return (Self.decimalNumber(cursor.unescaped(text).span), text) }
            return (Self.decimalNumber(cursor.bytes.extracting(text.range)), text)
        }
        guard first == UInt8(ascii: "-") || (first >= UInt8(ascii: "0") && first <= UInt8(ascii: "9")) else {
            return nil
        }
        let range = try cursor.number()
        return (DecimalNumber(cursor.bytes.extracting(range)), JSONCursor.Text(range: range, hasEscapes: false))
    }

    /// The number a string holds: that and nothing else, no space either.
    private static func decimalNumber(_ content: Span<UInt8>) -> DecimalNumber? {
        var inner = JSONCursor(content)
        guard !content.isEmpty, content[0] > 0x20, let range = try? inner.number(), range.count == content.count else {
            return nil
        }
        return DecimalNumber(content)
    }

    /// Reads an enum: a number, which may be unknown, or a name, which may not.
    private mutating func enumeration(_ field: Schema.Field) throws(JSONFault) -> Int32 {
        guard cursor.peek() == UInt8(ascii: "\"") else {
            return Int32(truncatingIfNeeded: try integer(Int64(Int32.min), UInt64(Int32.max)))
        }
        let start = cursor.position
        let values = schema.enums[field.target]
        let text = try cursor.string()
        let name = String(decoding: cursor.unescaped(text), as: UTF8.self)
        guard let number = values.number(named: name) else {
            let names = values.values.prefix(3).map(\.name).joined(separator: ", ")
            throw JSONFault(
                offset: start, problem: "expected a number or one of \(names), ..., found \(cursor.excerpt(text))")
        }
        return number
    }

    private mutating func base64(_ field: Schema.Field, isExplicit: Bool) throws(JSONFault) {
        let start = cursor.position
        let content = cursor.unescaped(try cursor.string())
        if content.isEmpty && !isExplicit { return }
        let mark = draft.open(field.number)
        guard Base64.decode(content.span, { draft.append($0) }) else {
            throw JSONFault(offset: start, problem: "expected base64")
        }
        draft.close(mark)
    }

    private mutating func identifier(_ field: Schema.Field, length: Int) throws(JSONFault) {
        let start = cursor.position
        let text = try cursor.string()
        if text.range.isEmpty { return }
        let mark = draft.open(field.number)
        let isIdentifier =
            text.hasEscapes
            ? appendHexadecimal(cursor.unescaped(text).span, length: length)
            : appendHexadecimal(cursor.bytes.extracting(text.range), length: length)
        guard isIdentifier else {
            throw JSONFault(offset: start, problem: "expected \(length * 2) hexadecimal digits (not base64)")
        }
        draft.close(mark)
    }

    /// Appends the bytes that digits stand for; false when they are not exactly `length` bytes.
    private mutating func appendHexadecimal(_ digits: Span<UInt8>, length: Int) -> Bool {
        guard digits.count == length * 2 else { return false }
        for index in 0..<length {
            guard let high = Hexadecimal.value(of: digits[index * 2]),
                let low = Hexadecimal.value(of: digits[index * 2 + 1])
            else { return false }
            draft.append(high << 4 | low)
        }
        return true
    }
}
