// Attributes are most of what telemetry is made of, and nearly all are written the same way:
//
//     0a | n | key… | 12 | m | member of AnyValue          n, m < 128
//                              0a | k | string…            k < 128
//                              10 or 18 | varint
//                              21 | 8 bytes
//
// Those are validated here in one go; any other form, and whatever is wrong, is left to the schema.

extension Validator {
    /// Validates a KeyValue at `depth` that ends at `end`.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func attribute(_ end: Int, _ depth: Int) throws(WireError) {
        if depth < depthBudget, isPlainAttribute(end) {
            at = end
        } else {
            try message(.keyValue, end, depth)
        }
    }

    /// Whether a valid KeyValue of the usual form stands from `at` to `end`.
    @inline(__always)
    private func isPlainAttribute(_ end: Int) -> Bool {
        let key = at &+ 2
        guard key < end, bytes[at] == 0x0a else { return false }
        let keyLength = Int(bytes[at &+ 1])
        let keyEnd = key &+ keyLength
        let member = keyEnd &+ 2
        guard keyLength < 0x80, member < end, bytes[keyEnd] == 0x12, Int(bytes[keyEnd &+ 1]) == end &- member,
            end &- member < 0x80, isValidUTF8(bytes, from: key, to: keyEnd)
        else { return false }

        switch bytes[member] {
        case 0x0a:
            let text = member &+ 2
            return text <= end && Int(bytes[member &+ 1]) == end &- text && isValidUTF8(bytes, from: text, to: end)
        case 0x10, 0x18: return isVarint(from: member &+ 1, to: end)
        case 0x21: return end &- member == 9
        default: return false
        }
    }

    /// Whether one varint fills the range.
    @inline(__always)
    private func isVarint(from start: Int, to end: Int) -> Bool {
        guard end > start, end &- start <= 10, bytes[end &- 1] < 0x80 else { return false }
        for position in start..<(end &- 1) where bytes[position] < 0x80 { return false }
        return true
    }
}
