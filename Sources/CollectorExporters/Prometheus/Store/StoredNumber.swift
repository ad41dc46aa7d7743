import OTLPWire

/// A number that stays exact as long as it is whole (conformance 142).
enum StoredNumber: Sendable, Equatable {
    case int(Int64)
    case double(Double)

    /// Nil when the point had no value.
    init?(_ value: PointValue) {
        switch value {
        case .none: return nil
        case .int(let number): self = .int(number)
        case .double(let number): self = .double(number)
        }
    }

    var asDouble: Double {
        switch self {
        case .int(let number): Double(number)
        case .double(let number): number
        }
    }

    /// Whether a counter can have this value (conformance 140).
    var isValidCount: Bool {
        switch self {
        case .int(let number): number >= 0
        case .double(let number): number >= 0
        }
    }

    static func + (left: StoredNumber, right: StoredNumber) -> StoredNumber {
        if case .int(let first) = left, case .int(let second) = right {
            let (sum, overflow) = first.addingReportingOverflow(second)
            if !overflow { return .int(sum) }
        }
        return .double(left.asDouble + right.asDouble)
    }
}
