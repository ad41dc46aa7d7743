/// Finds the parts of a condition that are worth remembering and gives each a slot.
struct OTTLMemoryPlan {
    private(set) var levels: [OTTLLevel] = []
    /// The level at which everything changes: nothing of it is remembered.
    let top: OTTLLevel

    init(_ context: OTTLContext) {
        top = context == .span ? .span : .event
    }

    private mutating func slot(_ level: OTTLLevel) -> OTTLSlot {
        levels.append(level)
        return OTTLSlot(index: levels.count - 1, level: level)
    }

    /// The same condition with its lasting parts remembered. Within a part, only what lasts longer than the whole.
    mutating func remembering(_ condition: OTTLBoolean, below outer: OTTLLevel? = nil) -> OTTLBoolean {
        let level = condition.level
        if level > .constant, level < outer ?? top {
            let slot = slot(level)
            return .remembered(parts(of: condition, below: level), slot)
        }
        return parts(of: condition, below: outer ?? top)
    }

    private mutating func parts(of condition: OTTLBoolean, below outer: OTTLLevel) -> OTTLBoolean {
        switch condition {
        case .constant, .remembered: condition
        case .value(let expression): .value(remembering(expression, below: outer))
        case .comparison(let left, let comparison, let right):
            .comparison(remembering(left, below: outer), comparison, remembering(right, below: outer))
        case .not(let operand): .not(remembering(operand, below: outer))
        case .all(let operands): .all(operands.map { remembering($0, below: outer) })
        case .any(let operands): .any(operands.map { remembering($0, below: outer) })
        }
    }

    private mutating func remembering(_ expression: OTTLExpression, below outer: OTTLLevel) -> OTTLExpression {
        let level = expression.level
        if level > .constant, level < outer {
            let slot = slot(level)
            return .remembered(parts(of: expression, below: level), slot)
        }
        return parts(of: expression, below: outer)
    }

    private mutating func parts(of expression: OTTLExpression, below outer: OTTLLevel) -> OTTLExpression {
        switch expression {
        case .literal, .path, .isRootSpan, .remembered: expression
        case .list(let elements): .list(elements.map { remembering($0, below: outer) })
        case .indexed(let base, let keys): .indexed(remembering(base, below: outer), keys)
        case .negated(let operand): .negated(remembering(operand, below: outer))
        case .arithmetic(let first, let operations):
            .arithmetic(
                remembering(first, below: outer),
                operations.map {
                    OTTLExpression.Operation(operator: $0.operator, operand: remembering($0.operand, below: outer))
                })
        case .isMatch(let target, let pattern): .isMatch(remembering(target, below: outer), pattern)
        case .call(let converter, let arguments):
            .call(converter, arguments.map { remembering($0, below: outer) })
        }
    }
}
