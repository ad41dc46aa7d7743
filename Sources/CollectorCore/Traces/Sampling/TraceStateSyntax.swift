// The grammar of tracestate keys and values (W3C Trace Context 3.3.1.3; OpenTelemetry specification, "TraceState").

package import OTLPWire

/// `simple-key = lcalpha 0*255keychar`; `multi-tenant-key = tenant "@" system`, the tenant up to 241 characters and
/// beginning with a letter or digit, the system up to 14 and beginning with a letter.
package func isTraceStateKey(_ bytes: Span<UInt8>, _ key: ByteRange) -> Bool {
    guard let at = key.range.first(where: { bytes[$0] == UInt8(ascii: "@") }) else {
        return key.count <= 256 && isKeyPart(bytes, key) && isLetter(bytes[key.start])
    }
    let tenant = ByteRange(key.start, at)
    let system = ByteRange(at + 1, key.end)
    return tenant.count <= 241 && system.count <= 14 && isKeyPart(bytes, tenant) && isKeyPart(bytes, system)
        && (isLetter(bytes[tenant.start]) || isDigit(bytes[tenant.start])) && isLetter(bytes[system.start])
}

private func isKeyPart(_ bytes: Span<UInt8>, _ range: ByteRange) -> Bool {
    !range.isEmpty
        && range.range.allSatisfy { position in
            switch bytes[position] {
            case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "/"): true
            default: isLetter(bytes[position]) || isDigit(bytes[position])
            }
        }
}

/// Up to 256 printable characters without `,` and `=`; the last one is not a space, which trimming has seen to.
package func isTraceStateValue(_ bytes: Span<UInt8>, _ value: ByteRange) -> Bool {
    !value.isEmpty && value.count <= 256
        && value.range.allSatisfy { position in
            let byte = bytes[position]
            return byte >= 0x20 && byte < 0x7f && byte != UInt8(ascii: ",") && byte != UInt8(ascii: "=")
        }
}

/// A lower-case letter, then lower-case letters and digits.
func isValidSubKey(_ bytes: Span<UInt8>, _ key: ByteRange) -> Bool {
    !key.isEmpty && isLetter(bytes[key.start])
        && key.range.allSatisfy { isLetter(bytes[$0]) || isDigit(bytes[$0]) }
}

/// Letters, digits, `.`, `_` and `-`; may be empty.
func isValidSubValue(_ bytes: Span<UInt8>, _ value: ByteRange) -> Bool {
    value.range.allSatisfy { position in
        switch bytes[position] {
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: isLetter(bytes[position] | 0x20) || isDigit(bytes[position])
        }
    }
}

/// The value of 1 to 14 lower-case hexadecimal digits; nil for anything else.
func hexadecimalDigits(_ bytes: Span<UInt8>, _ range: ByteRange) -> UInt64? {
    guard !range.isEmpty, range.count <= 14 else { return nil }
    var value: UInt64 = 0
    for position in range.range {
        let byte = bytes[position]
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(byte - UInt8(ascii: "a") + 10)
        default: return nil
        }
    }
    return value
}

private func isLetter(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") }
private func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
