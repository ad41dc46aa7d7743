import OTLPWire
import Testing

@testable import OTLPMessages

/// The validator's table is that of `proto/`.
@Suite struct SchemaTests {
    private let descriptors = OTLPMessages.Schema.shared

    private func fullName(_ shape: MessageShape) -> String? {
        let suffix = "." + String(describing: shape.name)
        return descriptors.messages.map(\.name).first { $0.hasPrefix("opentelemetry.") && $0.hasSuffix(suffix) }
    }

    @Test("Every field of every message has the descriptors' kind, message and cardinality, and no other is known")
    func fields() throws {
        for shape in MessageShape.allCases {
            let name = try #require(fullName(shape), "\(shape.name)")
            let message = try #require(descriptors.message(named: name))
            for number in 1..<OTLPWire.Schema.fieldsPerShape {
                let rule = OTLPWire.Schema.rules[Int(shape.rawValue) * OTLPWire.Schema.fieldsPerShape + number]
                let place: Comment = "\(name) field \(number)"
                guard let index = descriptors.field(UInt32(number), of: message) else {
                    #expect(rule.kind == .unknown, place)
                    continue
                }
                let field = descriptors.fields[index]
                #expect(rule.kind == kind(field, name), place)
                guard field.type == .message else { continue }
                #expect(descriptors.messages[field.target].name == fullName(rule.shape), place)
                #expect(rule.isSingular == !field.isRepeated, place)
            }
            let highest = descriptors.messages[message].fields.map { descriptors.fields[$0].number }.max() ?? 0
            #expect(highest < OTLPWire.Schema.fieldsPerShape)
        }
    }

    private func kind(_ field: OTLPMessages.Schema.Field, _ message: String) -> FieldRule.Kind {
        switch field.type {
        case .message: .message
        case .string: .string
        case .bytes, .identifier: .bytes
        case .fixed32: .fixed32
        case .double, .fixed64, .sfixed64: field.isRepeated ? .repeatedFixed64 : .fixed64
        case .bool, .int32, .sint32, .uint32, .int64, .uint64, .enumeration:
            field.isRepeated ? .repeatedVarint : .varint
        }
    }

    @Test("Every message the requests are made of has a shape")
    func completeness() throws {
        let shapes = Set(MessageShape.allCases.compactMap(fullName))
        for kind in [MessageKind.tracesRequest, .metricsRequest, .logsRequest] {
            var pending = [descriptors.message(of: kind)]
            var seen: Set<Int> = []
            while let message = pending.popLast() {
                guard seen.insert(message).inserted else { continue }
                #expect(shapes.contains(descriptors.messages[message].name))
                for field in descriptors.messages[message].fields where descriptors.fields[field].type == .message {
                    pending.append(descriptors.fields[field].target)
                }
            }
        }
    }
}
