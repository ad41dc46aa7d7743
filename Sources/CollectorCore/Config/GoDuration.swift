extension Duration {
    /// Reads Go's notation for durations: `300ms`, `1.5s`, `1h2m3s`, `-10us`, `0`.
    ///
    /// Units are `ns`, `us` (also `µs`), `ms`, `s`, `m` and `h`; every number needs one, except that a bare `0` is
    /// zero. Nil for anything else and beyond about 292 years, where Go's 64-bit nanoseconds end.
    package init?(goNotation text: String) {
        var rest = Substring(text).utf8
        var isNegative = false
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            rest = rest.dropFirst()
        }
        if rest.elementsEqual("0".utf8) {
            self = .zero
            return
        }
        guard !rest.isEmpty else { return nil }
        var total: Int64 = 0
        while !rest.isEmpty {
            guard let part = Self.takeTerm(&rest) else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(part)
            if overflow { return nil }
            total = sum
        }
        self = .nanoseconds(isNegative ? -total : total)
    }

    /// Takes one number with its unit off the front; the result is in nanoseconds, never negative.
    private static func takeTerm(_ rest: inout Substring.UTF8View) -> Int64? {
        let whole = takeDigits(&rest)
        var fraction = Substring("").utf8
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            fraction = takeDigits(&rest)
        }
        guard !(whole.isEmpty && fraction.isEmpty), let unit = takeUnit(&rest) else { return nil }
        guard let count = whole.isEmpty ? 0 : Int64(Substring(whole)) else { return nil }
        let (nanoseconds, overflow) = count.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        var sum = nanoseconds
        var place = unit
        for digit in fraction {
            place /= 10
            let (next, overflow) = sum.addingReportingOverflow(Int64(digit - UInt8(ascii: "0")) * place)
            guard !overflow else { return nil }
            sum = next
        }
        return sum
    }

    private static func takeDigits(_ rest: inout Substring.UTF8View) -> Substring.UTF8View {
        let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        rest = rest[digits.endIndex...]
        return digits
    }

    /// Takes a unit off the front; the result is its length in nanoseconds.
    private static func takeUnit(_ rest: inout Substring.UTF8View) -> Int64? {
        let name = rest.prefix { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) && $0 != UInt8(ascii: ".") }
        rest = rest[name.endIndex...]
        switch Substring(name) {
        case "ns": return 1
        case "us", "\u{B5}s", "\u{3BC}s": return 1_000
        case "ms": return 1_000_000
        case "s": return 1_000_000_000
        case "m": return 60_000_000_000
        case "h": return 3_600_000_000_000
        default: return nil
        }
    }
}
