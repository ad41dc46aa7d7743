import CollectorCore
import OTLPWire

/// A condition after parsing: what has a truth value.
indirect enum OTTLBoolean: Sendable {
    case constant(Bool)
    /// A converter or a path whose value must be a bool.
    case value(OTTLExpression)
    case comparison(OTTLExpression, OTTLComparison, OTTLExpression)
    case not(OTTLBoolean)
    /// Joined by `and`; the first false one ends it.
    case all([OTTLBoolean])
    /// Joined by `or`; the first true one ends it.
    case any([OTTLBoolean])
    /// Asked once for all spans that have the same answer.
    case remembered(OTTLBoolean, OTTLSlot)

    func isTrue(of subject: borrowing OTTLSubject) throws(OTTLEvaluationError) -> Bool {
        switch self {
        case .constant(let value): return value
        case .value(let expression):
            let value = try expression.value(of: subject)
            guard case .bool(let flag) = value else {
                throw OTTLEvaluationError(.expected("a bool", found: value.type))
            }
            return flag
        case .comparison(let left, let comparison, let right):
            return try comparison.isTrue(left.value(of: subject), right.value(of: subject), subject.bytes)
        case .not(let operand): return try !operand.isTrue(of: subject)
        case .all(let operands):
            for operand in operands where try !operand.isTrue(of: subject) { return false }
            return true
        case .any(let operands):
            for operand in operands where try operand.isTrue(of: subject) { return true }
            return false
        case .remembered(let condition, let slot):
            guard let memory = subject.memory else { return try condition.isTrue(of: subject) }
            if let known = memory[truth: slot] { return try known.get() }
            do throws(OTTLEvaluationError) {
                let truth = try condition.isTrue(of: subject)
                memory[truth: slot] = .success(truth)
                return truth
            } catch {
                memory[truth: slot] = .failure(error)
                throw error
            }
        }
    }
}

/// What has a value. Chains of operators are flat, so that depth is what the parser allows and no more.
indirect enum OTTLExpression: Sendable {
    case literal(OTTLValue)
    case list([OTTLExpression])
    case path(OTTLPath)
    case indexed(OTTLExpression, [OTTLKey])
    case negated(OTTLExpression)
    case arithmetic(OTTLExpression, [Operation])
    case isRootSpan
    case isMatch(OTTLExpression, RegularExpression)
    case call(OTTLConverter, [OTTLExpression])
    /// Evaluated once for all spans that have the same value.
    case remembered(OTTLExpression, OTTLSlot)

    struct Operation: Sendable {
        let `operator`: OTTLOperator
        let operand: OTTLExpression
    }

    func value(of subject: borrowing OTTLSubject) throws(OTTLEvaluationError) -> OTTLValue {
        switch self {
        case .literal(let value): return value
        case .path(let path): return path.value(of: subject)
        case .list(let elements):
            var values: [OTTLValue] = []
            values.reserveCapacity(elements.count)
            for element in elements { values.append(try element.value(of: subject)) }
            return .list(.made(values))
        case .indexed(let base, let keys): return try base.value(of: subject).element(keys, in: subject.bytes)
        case .negated(let operand):
            return try OTTLOperator.subtract.result(.int(0), negatable(operand.value(of: subject)))
        case .arithmetic(let first, let operations):
            var result = try first.value(of: subject)
            for operation in operations {
                result = try operation.operator.result(result, operation.operand.value(of: subject))
            }
            return result
        case .isRootSpan: return .bool(!subject.span.entry.hasParent)
        case .isMatch(let target, let pattern):
            return .bool(try pattern.matches(target.value(of: subject), subject.bytes))
        case .call(let converter, let arguments):
            return try converter.call(arguments, of: subject)
        case .remembered(let expression, let slot):
            guard let memory = subject.memory else { return try expression.value(of: subject) }
            if let known = memory[value: slot] { return try known.get() }
            do throws(OTTLEvaluationError) {
                let value = try expression.value(of: subject)
                memory[value: slot] = .success(value)
                return value
            } catch {
                memory[value: slot] = .failure(error)
                throw error
            }
        }
    }

    private func negatable(_ value: OTTLValue) throws(OTTLEvaluationError) -> OTTLValue {
        switch value {
        case .int, .double: return value
        default: throw OTTLEvaluationError(.expected("a number after `-`", found: value.type))
        }
    }

    /// The type of its values; nil when that depends on the telemetry.
    var type: OTTLType? {
        switch self {
        case .literal(let value): value.type
        case .list: .list
        case .path(let path): path.type
        case .indexed: nil
        case .negated(let operand): operand.type
        case .arithmetic(let first, let operations):
            // Operands that cannot work were refused when this was made.
            operations.reduce(first.type) { type, operation in
                (try? operation.operator.resultType(type, operation.operand.type)) ?? nil
            }
        case .isRootSpan, .isMatch: .bool
        case .call(let converter, _): converter.result
        case .remembered(let expression, _): expression.type
        }
    }
}

extension OTTLValue {
    /// The value that the keys lead to. A key that a map does not have gives nothing; an index beyond a list's end, and
    /// an index into what has no elements, is an error.
    func element(_ keys: [OTTLKey], in bytes: Span<UInt8>) throws(OTTLEvaluationError) -> OTTLValue {
        var value = self
        for key in keys {
            switch (value, key) {
            case (.map(let map), .name(let name)):
                guard let element = map.value(of: name, in: bytes) else { return .nothing }
                value = OTTLValue(element)
            case (.map, .position): throw OTTLEvaluationError(.wrongKey(of: .map, expected: "a string"))
            case (.list(let list), .position(let position)):
                guard let element = list.element(position, in: bytes) else {
                    throw OTTLEvaluationError(.indexOutOfBounds(position))
                }
                value = element
            case (.list, .name): throw OTTLEvaluationError(.wrongKey(of: .list, expected: "an int"))
            default: throw OTTLEvaluationError(.notIndexable(value.type))
            }
        }
        return value
    }
}
