import CollectorCore

extension OTTLParser {
    mutating func unary() throws(OTTLError) -> Parsed {
        if take(.symbol("+")) {
            let start = token
            let operand = try asValue(operand(), start)
            try checkNumber(operand, start)
            return .value(operand)
        }
        guard take(.symbol("-")) else { return try operand() }
        let start = token
        // The least int has no positive counterpart, so the sign belongs to the literal.
        if case .int(let magnitude) = start.kind {
            advance()
            guard magnitude <= UInt64(Int64.max) + 1 else { throw error(at: start, "-\(magnitude) is beyond 64 bits") }
            return .value(.literal(.int(0 &- Int64(truncatingIfNeeded: magnitude))))
        }
        if case .float(let magnitude) = start.kind {
            advance()
            return .value(.literal(.double(-magnitude)))
        }
        let value = try asValue(operand(), start)
        try checkNumber(value, start)
        return .value(.negated(value))
    }

    private func checkNumber(_ value: OTTLExpression, _ start: OTTLToken) throws(OTTLError) {
        if let type = value.type, type != .int, type != .double {
            throw error(at: start, "expected a number after the sign, found \(type)")
        }
    }

    private mutating func operand() throws(OTTLError) -> Parsed {
        let start = token
        switch start.kind {
        case .string(let value): return literal(.string(.made(value)))
        case .bytes(let value): return literal(.bytes(.made(value)))
        case .float(let value): return literal(.double(value))
        case .int(let magnitude):
            guard let value = Int64(exactly: magnitude) else { throw error("\(magnitude) is beyond 64 bits") }
            return literal(.int(value))
        case .uppercase(let name):
            advance()
            if token.kind == .symbol("(") { return .value(try call(name, start)) }
            return .value(.literal(.int(try enumNumber(name, start))))
        case .lowercase("true"): return literal(.bool(true))
        case .lowercase("false"): return literal(.bool(false))
        case .lowercase("nil"): return literal(.nothing)
        case .lowercase(let keyword) where ["and", "or", "not"].contains(keyword):
            throw error("expected a value, found `\(keyword)`")
        case .lowercase: return .value(try path())
        case .symbol("["): return .value(try list())
        case .symbol("("):
            advance()
            let content = try nested()
            try expect(")", "after what stands in parentheses")
            return content
        case .symbol, .end: throw error("expected a value, found \(token.description)")
        }
    }

    private mutating func literal(_ value: OTTLValue) -> Parsed {
        advance()
        return .value(.literal(value))
    }

    private func enumNumber(_ name: String, _ start: OTTLToken) throws(OTTLError) -> Int64 {
        if let number = OTTLEnum.number(named: name) { return number }
        if OTTLConverters.named(name) != nil {
            throw error(at: start, "the converter `\(name)` needs its arguments in parentheses")
        }
        throw error(at: start, "unknown enum `\(name)`" + suggestion(for: name, among: OTTLEnum.values.map(\.name)))
    }

    private mutating func list() throws(OTTLError) -> OTTLExpression {
        advance()
        var elements: [OTTLExpression] = []
        if take(.symbol("]")) { return .literal(.list(.made([]))) }
        repeat { elements.append(try nestedValue()) } while take(.symbol(","))
        try expect("]", "at the end of the list")
        let constants = elements.compactMap { element -> OTTLValue? in
            if case .literal(let value) = element { value } else { nil }
        }
        return constants.count == elements.count ? .literal(.list(.made(constants))) : .list(elements)
    }

    private mutating func path() throws(OTTLError) -> OTTLExpression {
        let start = token
        var name = ""
        var keys: [OTTLKey] = []
        var keysStart = start
        repeat {
            guard case .lowercase(let segment) = token.kind else {
                throw error("expected a name after `\(name).`, found \(token.description)")
            }
            if !keys.isEmpty { throw error(at: keysStart, "only the end of a path can be indexed") }
            name += (name.isEmpty ? "" : ".") + segment
            advance()
            keysStart = token
            keys = try self.keys()
        } while take(.symbol("."))
        if token.kind == .symbol("(") {
            throw error(
                at: start, "`\(name)` is no converter: their names begin with an upper-case letter, such as `IsMatch`")
        }
        guard let path = OTTLPath(name, in: context) else {
            throw error(at: start, OTTLPath.unknown(name, in: context))
        }
        return try indexed(path, name, keys, keysStart)
    }

    private func indexed(
        _ path: OTTLPath, _ name: String, _ keys: [OTTLKey], _ start: OTTLToken
    ) throws(OTTLError) -> OTTLExpression {
        guard let first = keys.first else { return .path(path) }
        switch (path, first) {
        case (.attributes(let owner), .name(let key)):
            // With more keys the whole way is walked: behind an attribute that is missing everything is nil, behind one
            // that is there and empty nothing can be.
            return keys.count == 1 ? .path(.attribute(owner, key: key)) : .indexed(.path(path), keys)
        case (.span(.traceState), .name(let key)):
            guard keys.count == 1 else { throw error(at: start, "`\(name)` takes one key") }
            return .path(.traceState(key: key))
        case (.attributes, .position), (.span(.traceState), .position):
            throw error(at: start, "`\(name)` is indexed by a string, such as `\(name)[\"key\"]`")
        default: throw error(at: start, "`\(name)` cannot be indexed")
        }
    }

    /// Zero or more of `["key"]` and `[0]`.
    mutating func keys() throws(OTTLError) -> [OTTLKey] {
        var keys: [OTTLKey] = []
        while take(.symbol("[")) {
            switch token.kind {
            case .string(let name): keys.append(.name(name))
            case .int(let position) where position <= UInt64(Int64.max): keys.append(.position(Int64(position)))
            default: throw error("expected a string or an int as index, found \(token.description)")
            }
            advance()
            try expect("]", "after the index")
        }
        return keys
    }
}
