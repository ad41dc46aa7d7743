/// A value of an attribute.
package enum TestValue: Sendable, Equatable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral
{
    case string(String)
    case int(Int64)
    case double(Double)
    case bool(Bool)
    /// A KeyValue without a value.
    case empty

    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .int(value) }
    package init(floatLiteral value: Double) { self = .double(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
}

/// Attributes in the order they are written: `["http.route": "/cart", "http.status_code": 200]`. Keys may repeat.
package struct TestAttributes: Sendable, ExpressibleByDictionaryLiteral {
    package var pairs: [(key: String, value: TestValue)]

    package init(dictionaryLiteral elements: (String, TestValue)...) {
        pairs = elements.map { (key: $0.0, value: $0.1) }
    }

    package init(_ pairs: [(key: String, value: TestValue)]) {
        self.pairs = pairs
    }
}

extension ProtobufMessage {
    /// One KeyValue per attribute, all under the same field.
    package mutating func attributes(_ field: Int, _ attributes: TestAttributes) {
        for (key, value) in attributes.pairs {
            message(field) { pair in
                pair.string(1, key)
                if value != .empty { pair.message(2) { $0.value(value) } }
            }
        }
    }

    private mutating func value(_ value: TestValue) {
        switch value {
        case .string(let text): string(1, text)
        case .bool(let flag): varint(2, flag ? 1 : 0)
        case .int(let number): varint(3, UInt64(bitPattern: number))
        case .double(let number): double(4, number)
        case .empty: break
        }
    }
}
