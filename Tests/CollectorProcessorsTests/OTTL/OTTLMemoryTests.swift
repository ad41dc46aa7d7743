import CollectorProcessors
import CollectorTestKit
import OTLPWire
import Testing

/// Conditions remember what is the same for all spans of a resource, of a scope, and for all events of a span.
@Suite("OTTL: what is remembered")
struct OTTLMemoryTests {
    private static let conditions: [(String, OTTLContext)] = [
        (#"resource.attributes["a"] == "1" and name == "x""#, .span),
        (#"resource.attributes["a"] == scope.name or attributes["b"] == 2"#, .span),
        (#"Len(resource.attributes) > 1 and not (scope.name == "s1" and kind == 2)"#, .span),
        (#"resource.attributes["a"] == attributes["a"]"#, .span),
        (#"Int(resource.attributes["a"]) > 0"#, .span),
        (#"resource.attributes["a"] > 1 or scope.attributes["c"] == true"#, .span),
        (#"Concat([resource.attributes["a"], scope.name, name], "-") == "1-s1-x""#, .span),
        (#"span.attributes["a"] == attributes["a"] and resource.attributes["a"] == "1""#, .spanEvent),
        (#"span.name == "x" and name == "e1""#, .spanEvent),
        (#"Int(span.attributes["b"]) + 1 == event_index"#, .spanEvent),
    ]

    /// Resources, scopes and spans that say much the same, so that an answer kept for too long would be a wrong one.
    private static func request(_ dice: inout SeededGenerator) -> [UInt8] {
        ProtobufMessage { request in
            for _ in 0..<Int.random(in: 0..<4, using: &dice) + 1 {
                request.message(1) { group in
                    group.message(1) { resource in
                        if dice.chance(75) { resource.attributes(1, ["a": .string(digit(&dice))]) }
                        if dice.chance(50) { resource.attributes(1, ["z": "more"]) }
                    }
                    for _ in 0..<Int.random(in: 0..<3, using: &dice) + 1 { scope(&group, &dice) }
                }
            }
        }.bytes
    }

    private static func digit(_ dice: inout SeededGenerator) -> String { "\(Int.random(in: 0..<3, using: &dice))" }

    private static func scope(_ group: inout ProtobufMessage, _ dice: inout SeededGenerator) {
        group.message(2) { scopeGroup in
            scopeGroup.message(1) { scope in
                scope.string(1, "s" + digit(&dice))
                if dice.chance(50) { scope.attributes(3, ["c": true]) }
            }
            for _ in 0..<Int.random(in: 0..<4, using: &dice) + 1 {
                scopeGroup.message(2) { span in
                    span.bytes(1, Array(0x01...0x10))
                    span.bytes(2, Array(0x11...0x18))
                    span.string(5, dice.chance(50) ? "x" : "y")
                    span.varint(6, UInt64.random(in: 0..<4, using: &dice))
                    if dice.chance(50) { span.attributes(9, ["a": .string(digit(&dice)), "b": 2]) }
                    for event in 0..<Int.random(in: 0..<4, using: &dice) {
                        span.message(11) { message in
                            message.string(2, "e\(event)")
                            message.attributes(3, ["a": .string(digit(&dice))])
                        }
                    }
                }
            }
        }
    }

    @Test("Every answer is the same as without memory, for any order of resources, scopes, spans and events")
    func answersDoNotChange() throws {
        var dice = SeededGenerator(seed: 11)
        var truths = 0
        var failures = 0
        for _ in 0..<200 {
            let request = Self.request(&dice)
            guard case .traces(let index) = try validateTraces(request.span).index else { continue }
            for (text, context) in Self.conditions {
                let condition = try OTTLCondition(text, context: context)
                let memory = condition.makeMemory()
                for entry in index.spans {
                    let scope = index.scopes[Int(entry.scope)]
                    let span = OTTLSpan(
                        request.span, entry: entry, resource: index.resources[Int(scope.parent)], scope: scope)
                    let expected = Self.answer(condition, span, nil)
                    #expect(Self.answer(condition, span, memory) == expected, "\(text)")
                    if expected == "true" { truths += 1 }
                    if expected != "true", expected != "false" { failures += 1 }
                }
            }
        }
        #expect(truths > 1000)
        #expect(failures > 100)
    }

    private static func answer(
        _ condition: OTTLCondition, _ span: borrowing OTTLSpan, _ memory: OTTLMemory?
    ) -> String {
        do throws(OTTLEvaluationError) {
            return "\(try condition.isTrue(of: span, memory))"
        } catch {
            return "\(error)"
        }
    }
}
