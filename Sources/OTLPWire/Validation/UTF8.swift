// Eight ASCII bytes at a time, since telemetry is mostly that.

private let highBits: UInt64 = 0x8080_8080_8080_8080

/// Whether `bytes` in `range` are well-formed UTF-8 (Unicode 15, table 3-7): no overlong forms, no surrogates, nothing
/// above U+10FFFF.
package func isValidUTF8(_ bytes: Span<UInt8>, _ range: ByteRange) -> Bool {
    isValidUTF8(bytes, from: range.start, to: range.end)
}

/// The same for the bytes from `start` up to `end`, which must be inside of `bytes`.
@inline(__always)
func isValidUTF8(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Bool {
    let count = end &- start
    if count > 16 { return isValidLongUTF8(bytes, start, end) }
    if count >= 8 {
        // Two words that overlap cover 8 to 16 bytes.
        if (loadLittleEndian64(bytes, start) | loadLittleEndian64(bytes, end &- 8)) & highBits == 0 { return true }
    } else if bytes.count &- start >= 8 {
        // One word reaches beyond the string; what does not belong to it is shifted out.
        if (loadLittleEndian64(bytes, start) & highBits) << UInt64(64 &- 8 &* count) == 0 { return true }
    }
    return isValidMixedUTF8(bytes, start, end)
}

private func isValidLongUTF8(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    var at = start
    while at &+ 16 <= end {
        if (loadLittleEndian64(bytes, at) | loadLittleEndian64(bytes, at &+ 8)) & highBits != 0 {
            return isValidMixedUTF8(bytes, at, end)
        }
        at &+= 16
    }
    if (loadLittleEndian64(bytes, end &- 16) | loadLittleEndian64(bytes, end &- 8)) & highBits == 0 { return true }
    return isValidMixedUTF8(bytes, at, end)
}

/// Character by character, for text that has others than ASCII's.
private func isValidMixedUTF8(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    var at = start
    while at < end {
        let lead = bytes[at]
        if lead < 0x80 {
            at &+= 1
            continue
        }
        let length: Int
        let second: ClosedRange<UInt8>
        switch lead {
        case 0xc2...0xdf: (length, second) = (2, 0x80...0xbf)
        case 0xe0: (length, second) = (3, 0xa0...0xbf)
        case 0xe1...0xec, 0xee, 0xef: (length, second) = (3, 0x80...0xbf)
        case 0xed: (length, second) = (3, 0x80...0x9f)
        case 0xf0: (length, second) = (4, 0x90...0xbf)
        case 0xf1...0xf3: (length, second) = (4, 0x80...0xbf)
        case 0xf4: (length, second) = (4, 0x80...0x8f)
        default: return false
        }
        guard at &+ length <= end, second.contains(bytes[at &+ 1]) else { return false }
        for offset in 2..<max(2, length) where bytes[at &+ offset] & 0xc0 != 0x80 { return false }
        at &+= length
    }
    return true
}
