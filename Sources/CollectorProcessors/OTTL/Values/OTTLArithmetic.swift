/// `+`, `-`, `*` and `/`. Nothing traps: what has no 64-bit result is an evaluation error, where Go wraps around.
enum OTTLOperator: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"

    func result(_ left: OTTLValue, _ right: OTTLValue) throws(OTTLEvaluationError) -> OTTLValue {
        switch (left, self, right) {
        case (.int(let left), _, .int(let right)): return .int(try result(left, right))
        case (.int(let left), _, .double(let right)): return .double(try result(Double(left), right))
        case (.double(let left), _, .int(let right)): return .double(try result(left, Double(right)))
        case (.double(let left), _, .double(let right)): return .double(try result(left, right))
        case (.time(let left), .subtract, .time(let right)): return .duration(try result(left, right))
        case (.time(let left), .add, .duration(let right)), (.duration(let left), .add, .time(let right)),
            (.time(let left), .subtract, .duration(let right)):
            return .time(try result(left, right))
        case (.duration(let left), .add, .duration(let right)), (.duration(let left), .subtract, .duration(let right)):
            return .duration(try result(left, right))
        default: throw OTTLEvaluationError(.noArithmetic(left.type, right.type))
        }
    }

    /// The result's type as far as the operands' types are known; throws for operands that never work.
    func resultType(_ left: OTTLType?, _ right: OTTLType?) throws(OTTLEvaluationError) -> OTTLType? {
        guard let left, let right else {
            if let known = left ?? right, sample(of: known) == nil {
                throw OTTLEvaluationError(.noArithmetic(left ?? known, right ?? known))
            }
            return nil
        }
        guard let leftSample = sample(of: left), let rightSample = sample(of: right) else {
            throw OTTLEvaluationError(.noArithmetic(left, right))
        }
        return try result(leftSample, rightSample).type
    }

    /// A value that every operator can take on both sides.
    private func sample(of type: OTTLType) -> OTTLValue? {
        switch type {
        case .int: .int(1)
        case .double: .double(1)
        case .time: .time(1)
        case .duration: .duration(1)
        default: nil
        }
    }

    private func result(_ left: Int64, _ right: Int64) throws(OTTLEvaluationError) -> Int64 {
        let (value, isBeyond) =
            switch self {
            case .add: left.addingReportingOverflow(right)
            case .subtract: left.subtractingReportingOverflow(right)
            case .multiply: left.multipliedReportingOverflow(by: right)
            case .divide: left.dividedReportingOverflow(by: right)
            }
        if self == .divide, right == 0 { throw OTTLEvaluationError(.divisionByZero) }
        if isBeyond { throw OTTLEvaluationError(.overflow) }
        return value
    }

    private func result(_ left: Double, _ right: Double) throws(OTTLEvaluationError) -> Double {
        switch self {
        case .add: return left + right
        case .subtract: return left - right
        case .multiply: return left * right
        case .divide:
            // As with ints, and as in the OpenTelemetry Collector.
            if right == 0 { throw OTTLEvaluationError(.divisionByZero) }
            return left / right
        }
    }
}
