import OTLPWire

/// Writes values as Go's `json.Marshal` does: no spaces, keys sorted, `<`, `>` and `&` escaped, bytes in base64.
struct OTTLJSON {
    private(set) var bytes: [UInt8] = []

    /// Recursion ends: messages nest no deeper than validation allows, conditions no deeper than their parser does.
    mutating func append(_ value: OTTLValue, _ source: Span<UInt8>) throws(OTTLEvaluationError) {
        switch value {
        case .nothing: append("null")
        case .bool(let flag): append(flag ? "true" : "false")
        case .int(let number), .duration(let number): append(String(number))
        case .double(let number): append(try goNumber(number))
        case .string(let text): appendString(text.copied(from: source))
        case .bytes(let text): append("\"" + base64(text.copied(from: source)) + "\"")
        case .list(let list): try append(list, source)
        case .map(let map): try append(map, source)
        case .traceID(let id): append("\"\(id)\"")
        case .spanID(let id): append("\"\(hexadecimal(id))\"")
        case .time, .messages, .status:
            throw OTTLEvaluationError(.expected("what has a string form", found: value.type))
        }
    }

    private mutating func append(_ text: String) {
        bytes += Array(text.utf8)
    }

    private mutating func append(_ list: OTTLList, _ source: Span<UInt8>) throws(OTTLEvaluationError) {
        append("[")
        for (index, value) in list.values(in: source).enumerated() {
            if index > 0 { append(",") }
            try append(value, source)
        }
        append("]")
    }

    private mutating func append(_ map: OTTLMessageItems, _ source: Span<UInt8>) throws(OTTLEvaluationError) {
        // As in a Go map, the last one of equal keys counts.
        var values: [[UInt8]: OTTLValue] = [:]
        var attributes = AttributeCursor(source, message: map.message, fieldNumber: map.field)
        while let attribute = attributes.next() {
            values[OTTLText.inPlace(attribute.key).copied(from: source)] = OTTLValue(attribute.value)
        }
        append("{")
        for (index, entry) in values.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }).enumerated() {
            if index > 0 { append(",") }
            appendString(entry.key)
            append(":")
            try append(entry.value, source)
        }
        append("}")
    }

    private mutating func appendString(_ text: [UInt8]) {
        append("\"")
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            switch scalar {
            case "\"": append(#"\""#)
            case "\\": append(#"\\"#)
            case "\n": append(#"\n"#)
            case "\r": append(#"\r"#)
            case "\t": append(#"\t"#)
            case "\u{8}": append(#"\b"#)
            case "\u{c}": append(#"\f"#)
            case "<", ">", "&", "\u{2028}", "\u{2029}", "\u{0}"..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                append(#"\u"# + String(repeating: "0", count: 4 - digits.utf8.count) + digits)
            default: append(String(scalar))
            }
        }
        append("\"")
    }
}

/// The shortest digits that read back as the number, as Go's JSON writes them: plain between 1e-6 and 1e21, with an
/// exponent beyond.
private func goNumber(_ number: Double) throws(OTTLEvaluationError) -> String {
    guard number.isFinite else { throw OTTLEvaluationError(.invalid("NaN and infinities have no JSON form")) }
    if number == 0 { return number.sign == .minus ? "-0" : "0" }
    // Swift prints the shortest digits, too, but chooses differently where the exponent begins.
    var mantissa = Substring(number.magnitude.description)
    var exponent = 0
    if let mark = mantissa.firstIndex(of: "e") {
        exponent = Int(mantissa[mantissa.index(after: mark)...]) ?? 0
        mantissa = mantissa[..<mark]
    }
    let parts = mantissa.split(separator: ".", omittingEmptySubsequences: false)
    let fraction = parts.count > 1 ? parts[1] : ""
    var digits = String(parts[0] + fraction)
    // The number is 0.DIGITS times ten to the power of `point`.
    var point = parts[0].count + exponent
    while digits.hasPrefix("0") {
        digits.removeFirst()
        point -= 1
    }
    while digits.hasSuffix("0") { digits.removeLast() }
    let sign = number < 0 ? "-" : ""
    if number.magnitude < 1e-6 || number.magnitude >= 1e21 {
        let rest = digits.dropFirst()
        return sign + digits.prefix(1) + (rest.isEmpty ? "" : "." + rest) + (point > 0 ? "e+" : "e-")
            + String((point - 1).magnitude)
    }
    if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
    if point >= digits.count { return sign + digits + String(repeating: "0", count: point - digits.count) }
    return sign + digits.prefix(point) + "." + digits.dropFirst(point)
}

private func base64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[start..<min(start + 3, bytes.count)]
        let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
        for place in 0..<4 {
            let digit = alphabet[Int(bits >> UInt32(18 - 6 * place) & 63)]
            text.append(place <= group.count ? digit : UInt8(ascii: "="))
        }
    }
    return String(decoding: text, as: UTF8.self)
}
