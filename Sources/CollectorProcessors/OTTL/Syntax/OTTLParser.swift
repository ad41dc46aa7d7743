import CollectorCore

/// A recursive-descent parser that makes the compiled condition as it reads.
///
///     condition  = term { "or" term }
///     term       = factor { "and" factor }
///     factor     = "not" factor | comparison
///     comparison = sum [ ("==" | "!=" | "<" | "<=" | ">" | ">=") sum ]
///     sum        = product { ("+" | "-") product }
///     product    = unary { ("*" | "/") unary }
///     unary      = [ "+" | "-" ] operand
///     operand    = literal | list | enum | path | converter "(" arguments ")" { key } | "(" condition ")"
///
/// In parentheses may stand a condition or a value; which of them is known only behind the closing one, so every rule
/// returns either, and the rule that needs one of them says so.
struct OTTLParser {
    let text: String
    let context: OTTLContext
    private let tokens: [OTTLToken]
    private var position = 0
    private var depth = 0

    /// Real conditions nest a handful deep; beyond this they are not meant well.
    static let maximumDepth = 64

    enum Parsed {
        case condition(OTTLBoolean)
        case value(OTTLExpression)
    }

    init(_ text: String, context: OTTLContext) throws(OTTLError) {
        self.text = text
        self.context = context
        tokens = try OTTLLexer.tokens(of: text)
    }

    /// The whole text as one condition.
    mutating func condition() throws(OTTLError) -> OTTLBoolean {
        if token.kind == .end { throw error("the condition is empty") }
        let start = token
        let condition = try asCondition(disjunction(), start)
        guard token.kind == .end else {
            throw error("expected `and`, `or` or the end of the condition, found \(token.description)")
        }
        return condition
    }

    private mutating func disjunction() throws(OTTLError) -> Parsed {
        let start = token
        let first = try conjunction()
        guard token.kind == .lowercase("or") else { return first }
        var operands = [try asCondition(first, start)]
        while take(.lowercase("or")) {
            let start = token
            operands.append(try asCondition(conjunction(), start))
        }
        return .condition(.any(operands))
    }

    private mutating func conjunction() throws(OTTLError) -> Parsed {
        let start = token
        let first = try negation()
        guard token.kind == .lowercase("and") else { return first }
        var operands = [try asCondition(first, start)]
        while take(.lowercase("and")) {
            let start = token
            operands.append(try asCondition(negation(), start))
        }
        return .condition(.all(operands))
    }

    private mutating func negation() throws(OTTLError) -> Parsed {
        guard take(.lowercase("not")) else { return try comparison() }
        let start = token
        try enter()
        defer { depth -= 1 }
        return .condition(.not(try asCondition(negation(), start)))
    }

    private mutating func comparison() throws(OTTLError) -> Parsed {
        let start = token
        let left = try sum()
        guard case .symbol(let symbol) = token.kind else { return left }
        if symbol == "=" { throw error("`=` is not a comparison; did you mean `==`?") }
        guard let comparison = OTTLComparison(rawValue: symbol) else { return left }
        let leftValue = try asValue(left, start)
        advance()
        let right = token
        return .condition(.comparison(leftValue, comparison, try asValue(sum(), right)))
    }

    private mutating func sum() throws(OTTLError) -> Parsed {
        try chain([.add, .subtract]) { parser throws(OTTLError) in
            try parser.chain([.multiply, .divide]) { parser throws(OTTLError) in try parser.unary() }
        }
    }

    /// Operands joined by operators of one precedence, the left ones first.
    private mutating func chain(
        _ operators: [OTTLOperator], _ operand: (inout OTTLParser) throws(OTTLError) -> Parsed
    ) throws(OTTLError) -> Parsed {
        let start = token
        let first = try operand(&self)
        guard nextOperator(operators) != nil else { return first }
        let firstValue = try asValue(first, start)
        var type = firstValue.type
        var operations: [OTTLExpression.Operation] = []
        while let next = nextOperator(operators) {
            let symbol = token
            advance()
            let start = token
            let value = try asValue(operand(&self), start)
            do throws(OTTLEvaluationError) {
                type = try next.resultType(type, value.type)
            } catch {
                throw OTTLError(text, offset: symbol.offset, error.description)
            }
            operations.append(OTTLExpression.Operation(operator: next, operand: value))
        }
        return .value(.arithmetic(firstValue, operations))
    }

    private func nextOperator(_ operators: [OTTLOperator]) -> OTTLOperator? {
        guard case .symbol(let symbol) = token.kind else { return nil }
        return operators.first { $0.rawValue == symbol }
    }

    /// What stands at `start` as a condition.
    private func asCondition(_ parsed: Parsed, _ start: OTTLToken) throws(OTTLError) -> OTTLBoolean {
        switch parsed {
        case .condition(let condition): return condition
        case .value(.literal(.bool(let value))): return .constant(value)
        case .value(let expression):
            if let type = expression.type, type != .bool {
                throw error(
                    at: start, "\(type) is no condition; compare it with something, such as `name == \"checkout\"`")
            }
            return .value(expression)
        }
    }

    /// What stands at `start` as a value.
    func asValue(_ parsed: Parsed, _ start: OTTLToken) throws(OTTLError) -> OTTLExpression {
        switch parsed {
        case .value(let value): return value
        case .condition: throw error(at: start, "a condition cannot be used as a value")
        }
    }
}

extension OTTLParser {
    var token: OTTLToken { tokens[position] }

    mutating func advance() {
        // The last token is the end, which is never passed.
        if position < tokens.count - 1 { position += 1 }
    }

    /// Passes the token if it is this one.
    mutating func take(_ kind: OTTLToken.Kind) -> Bool {
        guard token.kind == kind else { return false }
        advance()
        return true
    }

    mutating func expect(_ symbol: String, _ place: String) throws(OTTLError) {
        guard take(.symbol(symbol)) else { throw error("expected `\(symbol)` \(place), found \(token.description)") }
    }

    /// The token after this one.
    var following: OTTLToken { tokens[min(position + 1, tokens.count - 1)] }

    mutating func enter() throws(OTTLError) {
        depth += 1
        if depth > Self.maximumDepth {
            throw error("the condition nests deeper than \(Self.maximumDepth) levels")
        }
    }

    /// A condition or a value one level deeper.
    mutating func nested() throws(OTTLError) -> Parsed {
        try enter()
        defer { depth -= 1 }
        return try disjunction()
    }

    /// A value one level deeper.
    mutating func nestedValue() throws(OTTLError) -> OTTLExpression {
        try enter()
        defer { depth -= 1 }
        let start = token
        return try asValue(sum(), start)
    }

    func error(_ reason: String) -> OTTLError { error(at: token, reason) }

    func error(at token: OTTLToken, _ reason: String) -> OTTLError {
        OTTLError(text, offset: token.offset, reason)
    }
}
