import OTLPWire

extension OTTLConverters {
    /// Numbers out of strings, hashes and ids.
    static let numbers: [OTTLConverter] = [
        OTTLConverter(
            name: "ParseInt",
            parameters: [OTTLParameter(name: "target", kind: .string), OTTLParameter(name: "base", kind: .int)],
            result: .int,
            body: .two { target, base, bytes throws(OTTLEvaluationError) in
                .int(try parseInt(string(target.text, bytes), base.int))
            }),
        OTTLConverter(
            name: "FNV", parameters: [OTTLParameter(name: "target", kind: .string)], result: .int,
            body: .one { target, bytes throws(OTTLEvaluationError) in
                // FNV-1a, 64 bits.
                var hash: UInt64 = 0xcbf2_9ce4_8422_2325
                let text = target.text.span(in: bytes)
                for position in 0..<text.count { hash = (hash ^ UInt64(text[position])) &* 0x100_0000_01b3 }
                return .int(Int64(bitPattern: hash))
            }),
        OTTLConverter(
            name: "TraceID", parameters: [OTTLParameter(name: "target", kind: .stringOrBytes)], result: .traceID,
            body: .one { target, bytes throws(OTTLEvaluationError) in
                let id = try identifier(target, bytes, count: 16, "a trace id is 16 bytes or 32 hexadecimal digits")
                return .traceID(TraceID(high: bigEndian(id[..<8]), low: bigEndian(id[8...])))
            }),
        OTTLConverter(
            name: "SpanID", parameters: [OTTLParameter(name: "target", kind: .stringOrBytes)], result: .spanID,
            body: .one { target, bytes throws(OTTLEvaluationError) in
                let id = try identifier(target, bytes, count: 8, "a span id is 8 bytes or 16 hexadecimal digits")
                return .spanID(bigEndian(id[...]))
            }),
    ]

    private static func bigEndian(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func identifier(
        _ value: OTTLValue, _ bytes: Span<UInt8>, count: Int, _ rule: OTTLEvaluationError.StaticText
    ) throws(OTTLEvaluationError) -> [UInt8] {
        let given = value.text.copied(from: bytes)
        if case .bytes = value {
            guard given.count == count else { throw OTTLEvaluationError(.invalid(rule)) }
            return given
        }
        let digits = given.compactMap { hexadecimalDigit($0) }
        guard given.count == 2 * count, digits.count == given.count else { throw OTTLEvaluationError(.invalid(rule)) }
        return (0..<count).map { digits[2 * $0] << 4 | digits[2 * $0 + 1] }
    }

    /// Go's `strconv.ParseInt` with 64 bits.
    private static func parseInt(_ text: String, _ base: Int64) throws(OTTLEvaluationError) -> Int64 {
        guard base == 0 || (2...36).contains(base) else {
            throw OTTLEvaluationError(.invalid("`base` must be 0 or 2 to 36"))
        }
        var digits = Substring(text)
        var sign = ""
        if let first = digits.first, first == "-" || first == "+" { sign = String(digits.removeFirst()) }
        var radix = Int(base)
        var hasUnderscores = false
        if base == 0 {
            radix = takePrefix(&digits)
            hasUnderscores = digits.contains("_")
        }
        // An underscore stands between digits, or between the prefix and a digit.
        let isSpaced = !digits.hasSuffix("_") && !digits.contains("__") && (radix != 10 || !digits.hasPrefix("_"))
        let plain = hasUnderscores ? digits.filter { $0 != "_" } : String(digits)
        // Signs behind the first one are no digits.
        guard !hasUnderscores || isSpaced, let first = plain.first, first != "-", first != "+",
            let value = Int64(sign + plain, radix: radix)
        else { throw OTTLEvaluationError(.invalid("the string is no int in this base, or beyond 64 bits")) }
        return value
    }

    /// Takes the prefix of Go's integer literals off the front; the result is the base it stands for.
    private static func takePrefix(_ digits: inout Substring) -> Int {
        let prefix = digits.prefix(2).lowercased()
        if let radix = ["0b": 2, "0o": 8, "0x": 16][prefix] {
            digits = digits.dropFirst(2)
            return radix
        }
        guard digits.count > 1, digits.hasPrefix("0") else { return 10 }
        digits = digits.dropFirst()
        return 8
    }
}
