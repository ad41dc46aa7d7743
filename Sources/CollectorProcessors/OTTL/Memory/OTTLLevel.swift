/// What a part of a condition depends on; each level stays the same as long as those below it.
enum OTTLLevel: Int, Sendable, Comparable {
    case constant, resource, scope, span, event

    static func < (left: OTTLLevel, right: OTTLLevel) -> Bool { left.rawValue < right.rawValue }
}

extension OTTLBoolean {
    var level: OTTLLevel {
        switch self {
        case .constant: .constant
        case .value(let expression): expression.level
        case .comparison(let left, _, let right): max(left.level, right.level)
        case .not(let operand): operand.level
        case .all(let operands), .any(let operands): operands.map(\.level).max() ?? .constant
        case .remembered(_, let slot): slot.level
        }
    }
}

extension OTTLExpression {
    var level: OTTLLevel {
        switch self {
        case .literal: .constant
        case .list(let elements): elements.map(\.level).max() ?? .constant
        case .path(let path): path.level
        case .indexed(let base, _): base.level
        case .negated(let operand): operand.level
        case .arithmetic(let first, let operations):
            operations.reduce(first.level) { max($0, $1.operand.level) }
        case .isRootSpan: .span
        case .isMatch(let target, _): target.level
        case .call(_, let arguments): arguments.map(\.level).max() ?? .constant
        case .remembered(_, let slot): slot.level
        }
    }
}

extension OTTLPath {
    var level: OTTLLevel {
        switch self {
        case .resource, .attributes(.resource), .attribute(.resource, _): .resource
        case .scope, .attributes(.scope), .attribute(.scope, _): .scope
        case .span, .attributes(.span), .attribute(.span, _), .traceState: .span
        case .event, .attributes(.event), .attribute(.event, _): .event
        }
    }
}
