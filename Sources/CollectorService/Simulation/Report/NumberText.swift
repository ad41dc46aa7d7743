/// A number with at most so many decimals, without zeros at the end and without an exponent below 1e15.
package func decimal(_ value: Double, digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    var factor = 1.0
    for _ in 0..<digits { factor *= 10 }
    // What is left of 2^63 after the factor: larger numbers have no decimals worth showing.
    guard abs(value) * factor < 9e18 else { return String(Int(value.rounded())) }
    let scaled = Int((abs(value) * factor).rounded())
    let (whole, fraction) = scaled.quotientAndRemainder(dividingBy: Int(factor))
    var text = (value < 0 && scaled > 0 ? "-" : "") + String(whole)
    if fraction > 0 {
        var decimals = String(fraction)
        decimals = String(repeating: "0", count: digits - decimals.count) + decimals
        while decimals.last == "0" { decimals.removeLast() }
        text += "." + decimals
    }
    return text
}

/// `1234567` as `1 234 567`.
func grouped(_ number: Int) -> String {
    var text = ""
    for (position, digit) in String(number.magnitude).reversed().enumerated() {
        if position > 0, position % 3 == 0 { text = " " + text }
        text = String(digit) + text
    }
    return number < 0 ? "-" + text : text
}

/// With its sign: `+12`, `-3`, `0`.
func signed(_ number: Int) -> String { number > 0 ? "+" + grouped(number) : grouped(number) }

/// As a share of `whole`, in percent; 0 of nothing.
func percent(_ part: Int, of whole: Int) -> Double { whole == 0 ? 0 : 100 * Double(part) / Double(whole) }

/// A rate with three digits or so.
func rate(_ value: Double) -> String {
    value >= 100 ? grouped(Int(min(value, 1e15).rounded())) : decimal(value, digits: value >= 10 ? 1 : 2)
}
