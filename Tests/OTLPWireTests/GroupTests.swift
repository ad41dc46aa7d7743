import OTLPWire
import Testing

/// Envelopes: what of them is kept, which shapes must be rewritten first, which are left out.
@Suite struct GroupTests {
    private func scopeSpans(_ parts: Bytes...) -> Bytes { field(2, parts.flatMap(\.self)) }

    @Test("A group's head and tail are all fields around the children, unknown ones and schema URLs included")
    func headAndTail() throws {
        let index = try traceIndex(fullTraces).index
        let resourceSpans = try #require(naiveFields(fullTraces)?.first)
        let resource = try #require(naiveFields(resourceSpans.payload))
        let scope = try #require(naiveFields(resource[1].payload))
        #expect(slice(fullTraces, index.resources[0].head) == resource[0].whole)
        #expect(slice(fullTraces, index.resources[0].tail) == field(3, "resource-url") + fixed32Field(98, 6))
        #expect(slice(fullTraces, index.resources[0].payload) == resourceSpans.payload)
        #expect(slice(fullTraces, index.scopes[0].head) == scope[0].whole)
        #expect(slice(fullTraces, index.scopes[0].tail) == field(3, "scope-url") + varintField(99, 5))
        #expect(slice(fullTraces, index.scopes[0].payload) == resource[1].payload)
    }

    @Test("Spans name their scope and scopes their resource; groups without spans are not in the index")
    func parents() throws {
        let request =
            field(1, [])
            + field(1, field(1, []) + scopeSpans() + scopeSpans(field(2, span(1))) + scopeSpans(field(2, span(2))))
            + field(1, scopeSpans() + scopeSpans(field(1, [])))
            + field(1, scopeSpans(field(2, span(3)), field(2, span(4))) + scopeSpans())
        let (index, validation) = try traceIndex(request)
        #expect(index.resources.count == 2)
        #expect(index.scopes.map(\.parent) == [0, 0, 1])
        #expect(index.spans.map(\.scope) == [0, 1, 2, 2])
        #expect(!validation.needsCanonicalForm)
        #expect(!index.isWhole, "73: envelopes without spans are not forwarded")
        #expect(naiveSpans(written(index, request)) == naiveSpans(request))
    }

    @Test("73: what is written has no envelope without spans")
    func emptyEnvelopes() throws {
        let request = field(1, field(1, [])) + traces(span(1)) + field(1, field(2, field(1, field(1, "empty"))))
        let index = try traceIndex(request).index
        #expect(!index.isWhole)
        #expect(written(index, request) == traces(span(1)))
    }

    @Test("A resource or scope that comes twice or behind the children asks for the canonical form")
    func shapesToRewrite() throws {
        let resource = field(1, field(1, attribute("a", "b")))
        let child = scopeSpans(field(2, span(1)))
        let scope = field(1, field(1, "s"))
        let odd: [Bytes] = [
            field(1, resource + resource + child),
            field(1, child + resource),
            field(1, resource + child + resource),
            field(1, child + field(3, "url") + child),
            field(1, child + varintField(70, 1) + child),
            field(1, scopeSpans(scope, scope, field(2, span(1)))),
            field(1, scopeSpans(field(2, span(1)), scope)),
            field(1, scopeSpans(field(2, span(1)), field(3, "url"), field(2, span(2)))),
            field(1, scopeSpans(field(2, span(1)), varintField(70, 1), field(2, span(2)))),
        ]
        for request in odd {
            #expect(try validateTraces(request.span).needsCanonicalForm, "\(hexadecimalText(request))")
        }
        let usual: [Bytes] = [
            [], field(1, []), field(1, resource + child), field(1, field(3, "url") + resource + child),
            field(1, resource + child + child + field(3, "url")), field(1, child + field(3, "one") + field(3, "two")),
            field(1, scopeSpans(varintField(70, 1), scope, field(2, span(1)), field(2, span(2)), field(3, "url"))),
            field(1, resource) + field(1, resource + child),
        ]
        for request in usual {
            #expect(try !validateTraces(request.span).needsCanonicalForm, "\(hexadecimalText(request))")
        }
    }

    @Test("62: a singular message that occurs twice asks for the canonical form, wherever the schema has one")
    func repeatedSingularMessages() {
        var fields = 0
        for shape in MessageShape.allCases {
            for number in 1..<Schema.fieldsPerShape {
                let rule = Schema.rules[Int(shape.rawValue) * Schema.fieldsPerShape + number]
                guard rule.kind == .message else { continue }
                let once = field(UInt32(number), [])
                #expect(needsCanonicalForm(once, as: shape) == false, "\(shape.name) field \(number)")
                #expect(needsCanonicalForm(once + once, as: shape) == rule.isSingular, "\(shape.name) field \(number)")
                if rule.isSingular { fields += 1 }
            }
        }
        #expect(fields >= 16)
    }

    @Test("Two members of a metric's oneof, and two tracestates, ask for the canonical form")
    func oneofAndTraceState() throws {
        #expect(needsCanonicalForm(field(5, []) + field(7, []), as: .metric) == true)
        #expect(needsCanonicalForm(field(3, "a") + field(3, "b"), as: .span) == true)
        #expect(needsCanonicalForm(field(3, "") + field(3, ""), as: .span) == true)
        #expect(needsCanonicalForm(field(3, "a"), as: .span) == false)
    }
}
