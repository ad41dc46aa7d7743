import CollectorCore

extension OTTLParser {
    /// A converter with its arguments and the keys behind them; the name has been passed.
    mutating func call(_ name: String, _ start: OTTLToken) throws(OTTLError) -> OTTLExpression {
        guard let signature = OTTLConverters.signature(of: name) else {
            throw error(at: start, OTTLConverters.unknown(name))
        }
        let arguments = try arguments(of: name, signature, start)
        let result = try expression(name, arguments, start)
        let keysStart = token
        let keys = try keys()
        if keys.isEmpty { return result }
        if let type = result.type, type != .list, type != .map {
            throw error(at: keysStart, "\(type) cannot be indexed; only maps and lists can")
        }
        return .indexed(result, keys)
    }

    private typealias Argument = (expression: OTTLExpression, token: OTTLToken)

    private func expression(
        _ name: String, _ arguments: [Argument?], _ start: OTTLToken
    ) throws(OTTLError) -> OTTLExpression {
        switch OTTLConverters.named(name) {
        case .isRootSpan:
            guard context == .span else {
                throw error(
                    at: start,
                    "`IsRootSpan` is for `span` conditions; write `span.parent_span_id == SpanID(0x0000000000000000)`")
            }
            return .isRootSpan
        case .isMatch:
            guard arguments.count == 2, let target = arguments[0], let pattern = arguments[1] else {
                throw error(at: start, "`IsMatch` takes a target and a pattern")
            }
            return try match(target.expression, pattern)
        case .converter(let converter):
            return try folded(converter, arguments.map { $0?.expression ?? .literal(.nothing) }, start)
        case nil: throw error(at: start, OTTLConverters.unknown(name))
        }
    }

    private func match(_ target: OTTLExpression, _ pattern: Argument) throws(OTTLError) -> OTTLExpression {
        guard case .literal(.string(let literal)) = pattern.expression, let bytes = literal.madeBytes else {
            throw error(at: pattern.token, "the pattern of `IsMatch` must be a string literal: it is compiled once")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw error(at: pattern.token, "the pattern of `IsMatch` is not UTF-8")
        }
        do throws(RegularExpressionError) {
            return .isMatch(target, try RegularExpression(text))
        } catch {
            throw self.error(at: pattern.token, error.description)
        }
    }

    /// A call of literals always has the same result, so it is made now, and its error is one of the configuration.
    private func folded(
        _ converter: OTTLConverter, _ arguments: [OTTLExpression], _ start: OTTLToken
    ) throws(OTTLError) -> OTTLExpression {
        let values = arguments.compactMap { argument -> OTTLValue? in
            if case .literal(let value) = argument { value } else { nil }
        }
        guard values.count == arguments.count else { return .call(converter, arguments) }
        do throws(OTTLEvaluationError) {
            let nothing: [UInt8] = []
            return .literal(try converter.result(of: values, nothing.span))
        } catch {
            throw self.error(at: start, error.description)
        }
    }

    /// The arguments in the order of the parameters; nil for optional ones that were left out.
    private mutating func arguments(
        of name: String, _ signature: [OTTLParameter], _ start: OTTLToken
    ) throws(OTTLError) -> [Argument?] {
        try expect("(", "after `\(name)`")
        var arguments = [Argument?](repeating: nil, count: signature.count)
        var given = 0
        var isNamed = false
        if token.kind != .symbol(")") {
            repeat {
                let start = token
                let index = try parameterIndex(of: name, signature, given, &isNamed)
                if arguments[index] != nil {
                    throw error(at: start, "`\(signature[index].name)` of `\(name)` is given twice")
                }
                let argument = token
                let expression = try nestedValue()
                try check(expression, for: signature[index], of: name, argument)
                arguments[index] = (expression, argument)
                given += 1
            } while take(.symbol(","))
        }
        try expect(")", "after the arguments of `\(name)`")
        if let missing = signature.indices.first(where: { arguments[$0] == nil && !signature[$0].isOptional }) {
            throw error(at: start, "`\(name)` needs `\(signature[missing].name)`; it is \(usage(name, signature))")
        }
        return arguments
    }

    private func check(
        _ argument: OTTLExpression, for parameter: OTTLParameter, of name: String, _ start: OTTLToken
    ) throws(OTTLError) {
        if let type = argument.type, !parameter.kind.accepts(type) {
            throw error(
                at: start, "`\(name)` takes \(parameter.kind.expected.text) as `\(parameter.name)`, found \(type)")
        }
        guard !parameter.choices.isEmpty else { return }
        guard case .literal(.string(let text)) = argument, let bytes = text.madeBytes,
            parameter.choices.contains(where: { bytes.elementsEqual($0.utf8) })
        else {
            let choices = parameter.choices.map { "\"\($0)\"" }.joined(separator: " or ")
            throw error(at: start, "`\(parameter.name)` of `\(name)` must be \(choices)")
        }
    }

    /// The parameter that the next argument is for: the one it names, or the next one.
    private mutating func parameterIndex(
        of name: String, _ signature: [OTTLParameter], _ given: Int, _ isNamed: inout Bool
    ) throws(OTTLError) -> Int {
        if case .lowercase(let parameter) = token.kind, following.kind == .symbol("=") {
            guard let index = signature.firstIndex(where: { $0.name == parameter }) else {
                throw error(
                    "`\(name)` has no parameter `\(parameter)`"
                        + suggestion(for: parameter, among: signature.map(\.name)))
            }
            isNamed = true
            advance()
            advance()
            return index
        }
        if isNamed { throw error("arguments without names come before those with names") }
        guard given < signature.count else { throw error("too many arguments; it is \(usage(name, signature))") }
        return given
    }

    private func usage(_ name: String, _ signature: [OTTLParameter]) -> String {
        let parameters = signature.map { $0.isOptional ? "[\($0.name)]" : $0.name }
        return "`\(name)(\(parameters.joined(separator: ", ")))`"
    }
}
