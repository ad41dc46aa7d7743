/// The 16 bytes of a trace id, as two big-endian halves.
package struct TraceID: Sendable, Hashable, BitwiseCopyable {
    package var high: UInt64
    package var low: UInt64

    @inlinable
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    // Written out so that tables of other modules compare and hash ids in place; what the compiler makes up is called.

    @inlinable
    package static func == (left: TraceID, right: TraceID) -> Bool {
        left.high == right.high && left.low == right.low
    }

    @inlinable
    package func hash(into hasher: inout Hasher) {
        hasher.combine(high)
        hasher.combine(low)
    }

    /// All zero: not a valid id.
    @inlinable package var isZero: Bool { high | low == 0 }

    /// The 56 random bits that consistent sampling uses: the last seven bytes (conformance 201).
    @inlinable package var randomness: UInt64 { low & 0x00ff_ffff_ffff_ffff }
}

extension TraceID: CustomStringConvertible {
    /// 32 lower-case hexadecimal digits.
    package var description: String { hexadecimal(high) + hexadecimal(low) }

    /// Reads 32 hexadecimal digits of any letter case; nil for anything else.
    package init?(hexadecimal text: String) {
        let digits = Array(text.utf8)
        guard digits.count == 32, let high = UInt64(hexadecimalDigits: digits[0..<16]),
            let low = UInt64(hexadecimalDigits: digits[16..<32])
        else { return nil }
        self.init(high: high, low: low)
    }
}

/// 16 lower-case hexadecimal digits of a span id or half a trace id.
package func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
}

extension UInt64 {
    /// The value of 1 to 16 hexadecimal digits of any letter case; nil for anything else.
    init?(hexadecimalDigits digits: some Collection<UInt8>) {
        guard !digits.isEmpty, digits.count <= 16 else { return nil }
        var value: UInt64 = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt64(digit - UInt8(ascii: "A") + 10)
            default: return nil
            }
        }
        self = value
    }
}
