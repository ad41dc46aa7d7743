// The schema of OTLP as a table: for each message and field number what the field must look like on the wire. This is
// all that validation needs of `proto/`; the tests compare it with the generated descriptors.

/// What a field must look like on the wire.
package struct FieldRule: Sendable, Equatable {
    package enum Kind: UInt8, Sendable {
        case unknown, varint, fixed64, fixed32, string, bytes, message
        /// Repeated scalars, accepted packed and one by one (conformance 62).
        case repeatedVarint, repeatedFixed64
    }

    package var kind: Kind
    /// The message of a field of kind `message`.
    package var shape: MessageShape
    /// A message field that may stand once; several occurrences merge, which the index cannot express.
    package var isSingular: Bool

    init(_ kind: Kind) {
        self.kind = kind
        shape = .anyValue
        isSingular = false
    }

    static func one(_ shape: MessageShape) -> FieldRule {
        var rule = FieldRule(.message)
        rule.shape = shape
        rule.isSingular = true
        return rule
    }

    static func many(_ shape: MessageShape) -> FieldRule {
        var rule = FieldRule(.message)
        rule.shape = shape
        return rule
    }
}

/// All rules in one array, 32 per shape; higher field numbers are unknown to the schema.
package enum Schema {
    package static let fieldsPerShape = 32

    package static let rules: [FieldRule] = {
        var rules = [FieldRule](
            repeating: FieldRule(.unknown), count: MessageShape.allCases.count * fieldsPerShape)
        for shape in MessageShape.allCases {
            for (field, rule) in fields(of: shape) { rules[Int(shape.rawValue) * fieldsPerShape + field] = rule }
        }
        return rules
    }()

    private static func fields(of shape: MessageShape) -> [Int: FieldRule] {
        let string = FieldRule(.string)
        let bytes = FieldRule(.bytes)
        let varint = FieldRule(.varint)
        let fixed64 = FieldRule(.fixed64)
        let fixed32 = FieldRule(.fixed32)
        let attribute = FieldRule.many(.keyValue)
        return switch shape {
        case .anyValue:
            [
                1: string, 2: varint, 3: varint, 4: fixed64, 5: .one(.arrayValue), 6: .one(.keyValueList), 7: bytes,
                8: varint,
            ]
        case .arrayValue: [1: .many(.anyValue)]
        case .keyValueList: [1: attribute]
        case .keyValue: [1: string, 2: .one(.anyValue), 3: varint]
        case .resource: [1: attribute, 2: varint, 3: .many(.entityRef)]
        case .entityRef: [1: string, 2: string, 3: string, 4: string]
        case .scope: [1: string, 2: string, 3: attribute, 4: varint]
        case .span:
            [
                1: bytes, 2: bytes, 3: string, 4: bytes, 5: string, 6: varint, 7: fixed64, 8: fixed64, 9: attribute,
                10: varint, 11: .many(.event), 12: varint, 13: .many(.link), 14: varint, 15: .one(.status), 16: fixed32,
            ]
        case .event: [1: fixed64, 2: string, 3: attribute, 4: varint]
        case .link: [1: bytes, 2: bytes, 3: string, 4: attribute, 5: varint, 6: fixed32]
        case .status: [2: string, 3: varint]
        case .metric:
            [
                1: string, 2: string, 3: string, 5: .one(.gauge), 7: .one(.sum), 9: .one(.histogram),
                10: .one(.exponentialHistogram), 11: .one(.summary), 12: attribute,
            ]
        case .gauge: [1: .many(.numberPoint)]
        case .sum: [1: .many(.numberPoint), 2: varint, 3: varint]
        case .histogram: [1: .many(.histogramPoint), 2: varint]
        case .exponentialHistogram: [1: .many(.exponentialPoint), 2: varint]
        case .summary: [1: .many(.summaryPoint)]
        case .numberPoint:
            [2: fixed64, 3: fixed64, 4: fixed64, 5: .many(.exemplar), 6: fixed64, 7: attribute, 8: varint]
        case .histogramPoint:
            [
                2: fixed64, 3: fixed64, 4: fixed64, 5: fixed64, 6: FieldRule(.repeatedFixed64),
                7: FieldRule(.repeatedFixed64), 8: .many(.exemplar), 9: attribute, 10: varint, 11: fixed64, 12: fixed64,
            ]
        case .exponentialPoint:
            [
                1: attribute, 2: fixed64, 3: fixed64, 4: fixed64, 5: fixed64, 6: varint, 7: fixed64, 8: .one(.buckets),
                9: .one(.buckets), 10: varint, 11: .many(.exemplar), 12: fixed64, 13: fixed64, 14: fixed64,
            ]
        case .buckets: [1: varint, 2: FieldRule(.repeatedVarint)]
        case .summaryPoint:
            [2: fixed64, 3: fixed64, 4: fixed64, 5: fixed64, 6: .many(.quantile), 7: attribute, 8: varint]
        case .quantile: [1: fixed64, 2: fixed64]
        case .exemplar: [2: fixed64, 3: fixed64, 4: bytes, 5: bytes, 6: fixed64, 7: attribute]
        case .logRecord:
            [
                1: fixed64, 2: varint, 3: string, 5: .one(.anyValue), 6: attribute, 7: varint, 8: fixed32, 9: bytes,
                10: bytes, 11: fixed64, 12: string,
            ]
        case .traceRequest: [1: .many(.resourceSpans)]
        case .resourceSpans: [1: .one(.resource), 2: .many(.scopeSpans), 3: string]
        case .scopeSpans: [1: .one(.scope), 2: .many(.span), 3: string]
        case .metricRequest: [1: .many(.resourceMetrics)]
        case .resourceMetrics: [1: .one(.resource), 2: .many(.scopeMetrics), 3: string]
        case .scopeMetrics: [1: .one(.scope), 2: .many(.metric), 3: string]
        case .logRequest: [1: .many(.resourceLogs)]
        case .resourceLogs: [1: .one(.resource), 2: .many(.scopeLogs), 3: string]
        case .scopeLogs: [1: .one(.scope), 2: .many(.logRecord), 3: string]
        }
    }
}
