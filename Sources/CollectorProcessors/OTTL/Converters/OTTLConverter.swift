import OTLPWire

/// A parameter of a converter.
struct OTTLParameter: Sendable {
    /// What values it takes.
    enum Kind: Sendable {
        case any
        case string
        case int
        case list
        case time
        case duration
        case stringOrBytes
        case stringOrList
        /// What has a length.
        case countable

        func accepts(_ type: OTTLType) -> Bool {
            switch self {
            case .any: true
            case .string: type == .string
            case .int: type == .int
            case .list: type == .list
            case .time: type == .time
            case .duration: type == .duration
            case .stringOrBytes: type == .string || type == .bytes
            case .stringOrList: type == .string || type == .list
            case .countable: [.string, .bytes, .list, .map, .message].contains(type)
            }
        }

        /// For messages.
        var expected: OTTLEvaluationError.StaticText {
            switch self {
            case .any: "a value"
            case .string: "a string"
            case .int: "an int"
            case .list: "a list"
            case .time: "a time"
            case .duration: "a duration"
            case .stringOrBytes: "a string or bytes"
            case .stringOrList: "a string or a list"
            case .countable: "a string, a list or a map"
            }
        }
    }

    let name: String
    let kind: Kind
    var isOptional = false
    /// The strings it may be, for one that must be a literal.
    var choices: [String] = []
}

/// A function from values to a value. All are pure: the same arguments give the same result.
struct OTTLConverter: Sendable {
    /// One form for each number of parameters, so that a call needs no array. Arguments have the types the parameters
    /// accept; optional ones that were left out are `nothing`. The bytes are those of the request.
    enum Body: Sendable {
        case one(@Sendable (OTTLValue, Span<UInt8>) throws(OTTLEvaluationError) -> OTTLValue)
        case two(@Sendable (OTTLValue, OTTLValue, Span<UInt8>) throws(OTTLEvaluationError) -> OTTLValue)
        case three(@Sendable (OTTLValue, OTTLValue, OTTLValue, Span<UInt8>) throws(OTTLEvaluationError) -> OTTLValue)
    }

    let name: String
    let parameters: [OTTLParameter]
    /// The type of its results; nil when it differs.
    let result: OTTLType?
    let body: Body

    func call(
        _ arguments: [OTTLExpression], of subject: borrowing OTTLSubject
    ) throws(OTTLEvaluationError) -> OTTLValue {
        do throws(OTTLEvaluationError) {
            switch body {
            case .one(let body): return try body(argument(0, arguments, subject), subject.bytes)
            case .two(let body):
                return try body(argument(0, arguments, subject), argument(1, arguments, subject), subject.bytes)
            case .three(let body):
                return try body(
                    argument(0, arguments, subject), argument(1, arguments, subject), argument(2, arguments, subject),
                    subject.bytes)
            }
        } catch {
            throw named(error)
        }
    }

    /// The same with values.
    func result(of values: [OTTLValue], _ bytes: Span<UInt8>) throws(OTTLEvaluationError) -> OTTLValue {
        do throws(OTTLEvaluationError) {
            for (index, value) in values.enumerated() { try check(value, index) }
            switch body {
            case .one(let body): return try body(values[0], bytes)
            case .two(let body): return try body(values[0], values[1], bytes)
            case .three(let body): return try body(values[0], values[1], values[2], bytes)
            }
        } catch {
            throw named(error)
        }
    }

    private func argument(
        _ index: Int, _ arguments: [OTTLExpression], _ subject: borrowing OTTLSubject
    ) throws(OTTLEvaluationError) -> OTTLValue {
        let value = try arguments[index].value(of: subject)
        try check(value, index)
        return value
    }

    private func check(_ value: OTTLValue, _ index: Int) throws(OTTLEvaluationError) {
        let parameter = parameters[index]
        if parameter.isOptional, case .nothing = value { return }
        guard parameter.kind.accepts(value.type) else {
            throw OTTLEvaluationError(.expected(parameter.kind.expected, found: value.type))
        }
    }

    private func named(_ error: OTTLEvaluationError) -> OTTLEvaluationError {
        guard error.converter == nil else { return error }
        var error = error
        error.converter = name
        return error
    }
}

extension OTTLValue {
    // For bodies, whose arguments have been checked.

    var text: OTTLText {
        switch self {
        case .string(let text), .bytes(let text): text
        default: .made([])
        }
    }

    var list: OTTLList {
        if case .list(let list) = self { list } else { .made([]) }
    }

    var int: Int64 {
        switch self {
        case .int(let value), .time(let value), .duration(let value): value
        default: 0
        }
    }
}
