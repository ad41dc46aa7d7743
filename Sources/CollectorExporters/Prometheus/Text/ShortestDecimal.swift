/// The shortest decimal that reads back as a given number, as digits and the position of the point: 0.0125 is 125 with
/// the point at -1.
struct ShortestDecimal {
    var isNegative: Bool
    /// Without leading and trailing zeros; one zero for zero.
    var digits: [UInt8] = []
    /// How many digits stand before the point; zero or less means zeros between the point and the digits.
    var pointPosition = 0

    /// - Parameter value: finite.
    init(_ value: Double) {
        isNegative = value.sign == .minus
        var exponent = 0
        var hasPoint = false
        let text = Array(value.magnitude.description.utf8)
        for (position, byte) in text.enumerated() {
            if byte.isASCIIDigit {
                digits.append(byte)
                if !hasPoint { pointPosition += 1 }
            } else if byte == .dot {
                hasPoint = true
            } else {
                exponent = Int(String(decoding: text[(position + 1)...], as: UTF8.self)) ?? 0
                break
            }
        }
        let zeros = digits.prefix { $0 == UInt8(ascii: "0") }.count
        digits.removeFirst(zeros)
        pointPosition += exponent - zeros
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        if digits.isEmpty { (digits, pointPosition) = ([UInt8(ascii: "0")], 1) }
    }

    /// The exponent when the point stands behind the first digit.
    var exponent: Int { pointPosition - 1 }

    /// All digits, without an exponent.
    var positional: [UInt8] {
        let zero = UInt8(ascii: "0")
        if pointPosition <= 0 {
            return [zero, .dot] + [UInt8](repeating: zero, count: -pointPosition) + digits
        }
        if pointPosition >= digits.count {
            return digits + [UInt8](repeating: zero, count: pointPosition - digits.count)
        }
        return digits[..<pointPosition] + [.dot] + digits[pointPosition...]
    }

    /// One digit before the point, and an exponent of at least `width` digits.
    func scientific(exponentWidth width: Int) -> [UInt8] {
        let magnitude = String(exponent.magnitude)
        let padding = String(repeating: "0", count: max(0, width - magnitude.utf8.count))
        let fraction = digits.count > 1 ? [.dot] + digits[1...] : []
        return digits[..<1] + fraction + Array("e\(exponent < 0 ? "-" : "+")\(padding)\(magnitude)")
    }
}
