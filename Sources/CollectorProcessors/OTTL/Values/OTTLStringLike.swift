// How values become strings where a converter takes any value, as Go's pkg/ottl does it: strings as they are, bytes and
// ids in hexadecimal, everything else as JSON.

import CollectorCore
import OTLPWire

/// Nil for nil.
func stringLike(_ value: OTTLValue, _ bytes: Span<UInt8>) throws(OTTLEvaluationError) -> OTTLText? {
    switch value {
    case .nothing: return nil
    case .string(let text): return text
    case .bytes(let text): return OTTLText(hexadecimalText(text.span(in: bytes)))
    case .traceID(let id): return OTTLText(id.description)
    case .spanID(let id): return OTTLText(hexadecimal(id))
    case .bool, .int, .double, .list, .map:
        var json = OTTLJSON()
        try json.append(value, bytes)
        return .made(json.bytes)
    case .duration(let nanoseconds): return OTTLText(String(nanoseconds))
    case .time, .messages, .status: throw OTTLEvaluationError(.expected("what has a string form", found: value.type))
    }
}

extension RegularExpression {
    /// Whether it matches the value's string form; nothing matches nil.
    func matches(_ value: OTTLValue, _ bytes: Span<UInt8>) throws(OTTLEvaluationError) -> Bool {
        guard let text = try stringLike(value, bytes) else { return false }
        return matches(text.span(in: bytes))
    }
}

private func hexadecimalText(_ bytes: Span<UInt8>) -> String {
    var digits: [UInt8] = []
    digits.reserveCapacity(2 * bytes.count)
    for position in 0..<bytes.count {
        for digit in [bytes[position] >> 4, bytes[position] & 15] {
            digits.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
    return String(decoding: digits, as: UTF8.self)
}
