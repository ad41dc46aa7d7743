/// A JSON number as sign, digits and power of ten: exact, so that integers beyond 2^53 stay what they are.
struct DecimalNumber {
    let isNegative: Bool
    /// The digits without trailing zeros; nil when they do not fit.
    let digits: UInt64?
    /// The value is `digits` times ten to this power.
    let exponent: Int

    enum Integer: Equatable {
        case value(magnitude: UInt64)
        case fraction
        case tooLarge
    }

    /// - Parameter text: a number in JSON's notation.
    init(_ text: Span<UInt8>) {
        var index = 0
        var isNegative = false
        if text.count > 0, text[0] == UInt8(ascii: "-") {
            isNegative = true
            index = 1
        }
        var digits: UInt64? = 0
        var zeros = 0
        var exponent = 0
        var isFraction = false
        while index < text.count, text[index] | 0x20 != UInt8(ascii: "e") {
            let byte = text[index]
            index += 1
            if byte == UInt8(ascii: ".") {
                isFraction = true
                continue
            }
            if isFraction { exponent -= 1 }
            // Zeros count only when another digit follows them.
            if byte == UInt8(ascii: "0") {
                if digits != 0 { zeros += 1 }
            } else {
                digits = digits.flatMap { Self.scaled($0, byPowerOfTen: zeros + 1) }
                    .flatMap { Self.sum($0, UInt64(byte &- UInt8(ascii: "0"))) }
                zeros = 0
            }
        }
        self.isNegative = isNegative
        self.digits = digits
        self.exponent = exponent + zeros + Self.exponent(text, from: index + 1)
    }

    /// The value if it is a whole number of 64 bits, without its sign.
    var integer: Integer {
        guard let digits else { return .tooLarge }
        if digits == 0 { return .value(magnitude: 0) }
        if exponent < 0 { return .fraction }
        guard let magnitude = Self.scaled(digits, byPowerOfTen: exponent) else { return .tooLarge }
        return .value(magnitude: magnitude)
    }

    /// The nearest double when that takes one exact operation: few digits, and a power of ten that is a double.
    var exactDouble: Double? {
        guard let digits, digits <= 1 << 53 else { return nil }
        let magnitude: Double
        if digits == 0 {
            magnitude = 0
        } else if exponent >= 0, exponent < Self.powersOfTen.count {
            magnitude = Double(digits) * Self.powersOfTen[exponent]
        } else if exponent < 0, -exponent < Self.powersOfTen.count {
            magnitude = Double(digits) / Self.powersOfTen[-exponent]
        } else {
            return nil
        }
        return isNegative ? -magnitude : magnitude
    }

    /// Ten to the 22 is the last power of ten that a double holds exactly.
    private static let powersOfTen: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]

    /// The number behind the `e`; beyond a million it no longer matters how large.
    private static func exponent(_ text: Span<UInt8>, from start: Int) -> Int {
        var value = 0
        var isNegative = false
        var index = start
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "+"): break
            default: value = min(1_000_000, value * 10 + Int(text[index] &- UInt8(ascii: "0")))
            }
            index += 1
        }
        return isNegative ? -value : value
    }

    private static func scaled(_ value: UInt64, byPowerOfTen power: Int) -> UInt64? {
        if value == 0 { return 0 }
        guard power <= 19 else { return nil }
        var result = value
        for _ in 0..<power {
            let (product, overflow) = result.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            result = product
        }
        return result
    }

    private static func sum(_ left: UInt64, _ right: UInt64) -> UInt64? {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? nil : sum
    }
}
