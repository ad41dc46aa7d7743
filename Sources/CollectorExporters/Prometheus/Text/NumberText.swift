// Numbers as Prometheus and OpenMetrics write them. Values go through the first two functions, once per line of a
// scrape: integers and short decimals are written by hand, the rest leaves it to Swift's shortest representation that
// reads back exactly.

/// How a whole number that is a double is written.
enum NumberStyle: Sendable {
    /// `3`
    case text
    /// `3.0`: OpenMetrics has integers without a point and floating point numbers with one (conformance 174).
    case openMetrics
}

extension Array where Element == UInt8 {
    mutating func append(decimal value: UInt64) {
        if value < 10 { return append(0x30 &+ UInt8(truncatingIfNeeded: value)) }
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var first = 20
        var rest = value
        while rest > 0 {
            first -= 1
            digits[first] = 0x30 &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        for position in first..<20 { append(digits[position]) }
    }

    mutating func append(decimal value: Int64) {
        if value < 0 { append(UInt8(ascii: "-")) }
        append(decimal: value.magnitude)
    }

    mutating func append(number value: Double, _ style: NumberStyle) {
        guard value.isFinite else { return append(special: value) }
        let magnitude = value.magnitude
        if magnitude < 9_007_199_254_740_992, magnitude.rounded(.towardZero) == magnitude {
            append(decimal: Int64(value))
            if style == .openMetrics { append(contentsOf: [.dot, UInt8(ascii: "0")]) }
            return
        }
        let thousandths = (magnitude * 1000).rounded()
        if magnitude < 1e12, thousandths / 1000 == magnitude {
            if value < 0 { append(UInt8(ascii: "-")) }
            return append(thousandths: UInt64(thousandths))
        }
        append(contentsOf: value.description.utf8)
    }

    /// Nanoseconds as seconds, never with an exponent (conformance 155).
    mutating func append(seconds nanoseconds: UInt64) {
        append(decimal: nanoseconds / 1_000_000_000)
        append(fraction: nanoseconds % 1_000_000_000, places: 9)
    }

    private mutating func append(thousandths value: UInt64) {
        append(decimal: value / 1000)
        append(fraction: value % 1000, places: 3)
    }

    /// A point and up to `places` digits without trailing zeros; nothing for zero.
    private mutating func append(fraction: UInt64, places: Int) {
        guard fraction > 0 else { return }
        append(.dot)
        var rest = fraction
        var divisor = (1..<places).reduce(UInt64(1)) { power, _ in power * 10 }
        while rest > 0, divisor > 0 {
            append(0x30 &+ UInt8(truncatingIfNeeded: rest / divisor))
            rest %= divisor
            divisor /= 10
        }
    }

    private mutating func append(special value: Double) {
        let text: StaticString = value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf"
        append(contentsOf: Array(text))
    }
}

/// A bound as the value of `le` or `quantile` (conformance 173): as Go's `%g` writes it, and in OpenMetrics with `.0`
/// on whole numbers. Both formats keep to what the OpenTelemetry Collector writes, so that series do not change.
func canonicalBound(_ value: Double, _ style: NumberStyle) -> [UInt8] {
    guard value.isFinite else {
        var text: [UInt8] = []
        text.append(number: value, style)
        return text
    }
    let decimal = ShortestDecimal(value)
    let usesExponent = value != 0 && !(-4..<6).contains(decimal.exponent)
    var text = usesExponent ? decimal.scientific(exponentWidth: 2) : decimal.positional
    if style == .openMetrics, !usesExponent, !text.contains(.dot) { text += [.dot, UInt8(ascii: "0")] }
    return decimal.isNegative && value != 0 ? [UInt8(ascii: "-")] + text : text
}

/// A number as JSON writers print it: `100000000000000000000`, `1e+21`, `1e-7`.
func jsonNumber(_ value: Double) -> [UInt8] {
    if value.isNaN { return Array("NaN" as StaticString) }
    if value.isInfinite { return Array((value < 0 ? "-Infinity" : "Infinity") as StaticString) }
    let decimal = ShortestDecimal(value)
    let usesExponent = value != 0 && (decimal.exponent < -6 || decimal.exponent >= 21)
    let text = usesExponent ? decimal.scientific(exponentWidth: 1) : decimal.positional
    return decimal.isNegative ? [UInt8(ascii: "-")] + text : text
}
