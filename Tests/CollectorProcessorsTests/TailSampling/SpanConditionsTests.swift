import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorProcessors

@Suite("tail_sampling: conditions on spans")
struct SpanConditionsTests {
    private static let tier = Array("user.tier".utf8)
    private static let route = Array("http.route".utf8)
    private static let status = Array("http.status_code".utf8)
    private static let hint = Array("hint".utf8)

    private static func bytes(_ texts: String...) -> Set<[UInt8]> { Set(texts.map { Array($0.utf8) }) }

    private static func patterns(_ patterns: String...) throws -> PatternList {
        PatternList(expressions: try patterns.map { try RegularExpression($0) })
    }

    private func conditions(_ all: [SpanCondition]) throws -> SpanConditions {
        var plan = SpanConditionPlan()
        for (position, condition) in all.enumerated() { try #require(plan.add(condition) == position) }
        return SpanConditions(plan)
    }

    /// Which of the conditions the spans of one request meet together.
    private func met(
        _ all: [SpanCondition], by spans: [TestSpan], resource: TestAttributes = ["service.name": "shop"]
    ) throws -> [Bool] {
        let features = try testFeatures(spans, resource: resource, conditions(all))
        return all.indices.map { features.matches[$0] }
    }

    private func span(_ attributes: TestAttributes) -> TestSpan { TestSpan(.test(1), attributes: attributes) }

    // MARK: Single conditions

    @Test("Values match by type and bytes, on the span or its resource")
    func attributes() throws {
        let all: [SpanCondition] = [
            .text(key: Self.tier, oneOf: Self.bytes("gold", "silver")),
            .pattern(key: Self.tier, try Self.patterns("^go", "nze$")),
            .integer(key: Self.status, 500...599), .boolean(key: Self.hint, true), .boolean(key: Self.hint, false),
        ]
        #expect(try met(all, by: [span(["user.tier": "gold"])]) == [true, true, false, false, false])
        #expect(try met(all, by: [span(["user.tier": "bronze"])]) == [false, true, false, false, false])
        #expect(try met(all, by: [span(["user.tier": "goldsmith"])]) == [false, true, false, false, false])
        #expect(
            try met(all, by: [span(["user.tier": "Gold", "user.tie": "gold"])]) == [false, false, false, false, false])
        #expect(try met(all, by: [span([:])], resource: ["user.tier": "silver"]) == [true, false, false, false, false])
        for (value, isMet) in [(500, true), (599, true), (499, false), (600, false), (Int64.min, false)] {
            let found = try met(all, by: [span(TestAttributes([("http.status_code", .int(value))]))])
            #expect(found == [false, false, isMet, false, false])
        }
        #expect(try met(all, by: [span(["http.status_code": 503.0])]) == [false, false, false, false, false])
        #expect(try met(all, by: [span(["http.status_code": "503"])]) == [false, false, false, false, false])
        #expect(try met(all, by: [span(["hint": true])]) == [false, false, false, true, false])
        #expect(try met(all, by: [span(["hint": false])]) == [false, false, false, false, true])
        #expect(try met(all, by: [span(["hint": "true"])]) == [false, false, false, false, false])
    }

    @Test("Texts that only look equal are different values")
    func canonicalEquivalents() throws {
        let composed = "caf\u{e9}"
        let decomposed = "cafe\u{301}"
        let all: [SpanCondition] = [
            .text(key: Self.tier, oneOf: Self.bytes(composed)), .text(key: Self.tier, oneOf: Self.bytes(decomposed)),
        ]
        #expect(all[0] != all[1])
        #expect(try met(all, by: [span(TestAttributes([("user.tier", .string(decomposed))]))]) == [false, true])
    }

    @Test("A resource's attributes count for its own spans only")
    func resources() throws {
        let asked = try conditions([.text(key: Self.tier, oneOf: Self.bytes("gold"))])
        let request =
            tracesRequest(resource: ["user.tier": "gold"], [TestSpan(.test(1))])
            + tracesRequest(resource: ["user.tier": "bronze"], [TestSpan(.test(2)), TestSpan(.test(3))])
        guard case .traces(let index) = try validateTraces(request.span).index else { return }
        #expect(asked.matches(request.span, index).map { $0[0] } == [true, false, false])
    }

    @Test("Tracestate members, flags and links are found, broken tracestates have no members")
    func otherFields() throws {
        let all: [SpanCondition] = [
            .traceState(key: Array("vendor".utf8), oneOf: Self.bytes("a", "b")), .isFlaggedSampled, .hasLinks,
        ]
        for (state, isMet) in [
            ("vendor=a", true), ("x=1, vendor=b ,y=2", true), ("vendor=ab", false), ("xvendor=a", false),
            ("vendor=c", false), ("vendor=a,vendor=a", false), ("vendor=a,Bad=1", false), ("", false),
        ] {
            #expect(try met(all, by: [TestSpan(.test(1), traceState: state)]) == [isMet, false, false], "\(state)")
        }
        var flagged = TestSpan(.test(1))
        for (flags, isMet) in [(1, true), (0x301, true), (0x300, false), (2, false)] as [(UInt32, Bool)] {
            flagged.flags = flags
            #expect(try met(all, by: [flagged]) == [false, isMet, false])
        }
        let link = ProtobufMessage { $0.message(13) { $0.bytes(1, bigEndian(1) + bigEndian(2)) } }.bytes
        #expect(try raw(all, TestSpan(.test(1)).encoded + link) == [false, false, true])
    }

    @Test("OTTL lists are true when one condition is, and fail when none is and one has no answer")
    func ottl() throws {
        let list = OTTLConditionList(conditions: [
            try OTTLCondition(#"attributes["attempt"] + 1 == 4"#, context: .span),
            try OTTLCondition(#"name == "pay""#, context: .span),
        ])
        let all: [SpanCondition] = [.ottl(list), .ottlFailure(list)]
        #expect(try met(all, by: [span(["attempt": 3])]) == [true, false])
        #expect(try met(all, by: [span(["attempt": 4])]) == [false, false])
        #expect(try met(all, by: [span(["attempt": "three"])]) == [false, true])
        #expect(try met(all, by: [TestSpan(.test(1), name: "pay", attributes: ["attempt": "three"])]) == [true, false])
    }

    // MARK: Hostile spans

    @Test("Every occurrence of a key counts, wherever it stands among 10 000 attributes")
    func manyAttributes() throws {
        var pairs = (0..<10_000).map { (key: "user.tie\($0 % 10)", value: TestValue.string("gold")) }
        let asked: [SpanCondition] = [.text(key: Self.tier, oneOf: Self.bytes("gold"))]
        #expect(try met(asked, by: [span(TestAttributes(pairs))]) == [false])
        for place in [0, 5000, 10_000] {
            var more = pairs
            more.insert((key: "user.tier", value: "gold"), at: place)
            more.insert((key: "user.tier", value: "none"), at: 5000)
            #expect(try met(asked, by: [span(TestAttributes(more))]) == [true])
        }
        pairs = (0..<10_000).map { _ in (key: "user.tier", value: TestValue.string("silver")) }
        #expect(try met(asked, by: [span(TestAttributes(pairs))]) == [false])
    }

    @Test("Attributes without value, with nested or several values, or without key match nothing by accident")
    func oddAttributes() throws {
        let all: [SpanCondition] = [
            .text(key: Self.tier, oneOf: Self.bytes("gold")), .pattern(key: Self.tier, try Self.patterns("")),
            .integer(key: Self.tier, Int64.min...Int64.max), .boolean(key: Self.tier, false),
        ]
        func attribute(_ value: ((inout ProtobufMessage) -> Void)?) -> [UInt8] {
            ProtobufMessage { span in
                span.message(9) { pair in
                    pair.string(1, "user.tier")
                    if let value { pair.message(2, value) }
                }
            }.bytes
        }
        let base = TestSpan(.test(1)).encoded
        let none = [false, false, false, false]
        #expect(try raw(all, base + attribute(nil)) == none)
        #expect(try raw(all, base + attribute { _ in }) == none)
        #expect(try raw(all, base + attribute { $0.message(5) { $0.message(1) { $0.string(1, "gold") } } }) == none)
        #expect(try raw(all, base + attribute { $0.bytes(7, Array("gold".utf8)) }) == none)
        #expect(try raw(all, base + ProtobufMessage { $0.message(9) { _ in } }.bytes) == none)
        #expect(try raw(all, base + attribute { $0.string(1, "") }) == [false, true, false, false])
        // In any order, and with fields nobody knows.
        let turned = ProtobufMessage { span in
            span.message(9) { pair in
                pair.message(2) { $0.string(1, "gold") }
                pair.varint(99, 7)
                pair.string(1, "user.tier")
            }
        }.bytes
        #expect(try raw(all, base + turned) == [true, true, false, false])
    }

    /// What a single encoded span meets.
    private func raw(_ all: [SpanCondition], _ span: [UInt8]) throws -> [Bool] {
        let request = ProtobufMessage { $0.message(1) { $0.message(2) { $0.bytes(2, span) } } }.bytes
        var features = TraceFeatures(traceID: .test(1))
        try features.noteRequest(request, conditions(all))
        return all.indices.map { features.matches[$0] }
    }

    // MARK: Any order

    /// A span's attributes, and whether they meet the conditions below, found out the slow way.
    private struct RandomSpan {
        var span: TestSpan
        var meets: [Bool]

        init(_ dice: inout SlotTableTests.Dice) {
            let keys = ["user.tier", "http.route", "http.status_code", "hint", "other.key"]
            let values: [TestValue] = [
                "gold", "silver", "/health", "/api/health", "/api", "", 200, 404, 500, true, false, 500.0, .empty,
            ]
            let pairs = (0..<Int.random(in: 0...6, using: &dice)).map { _ in
                (key: keys.randomElement(using: &dice) ?? "", value: values.randomElement(using: &dice) ?? .empty)
            }
            span = TestSpan(.test(1), attributes: TestAttributes(pairs))
            span.flags = Int.random(in: 0...9, using: &dice) == 0 ? 1 : 0
            func any(_ key: String, _ isMet: (TestValue) -> Bool) -> Bool {
                pairs.contains { $0.key == key && isMet($0.value) }
            }
            meets = [
                any("user.tier") { $0 == "gold" || $0 == "silver" }, any("user.tier") { $0 == "silver" },
                any("http.route") { $0 == "/health" || $0 == "/api/health" },
                any("http.route") { $0 == "/health" },
                any("http.status_code") { $0 == 404 || $0 == 500 }, any("http.status_code") { $0 == 500 },
                any("hint") { $0 == true }, any("hint") { $0 == false }, span.flags == 1,
            ]
        }
    }

    @Test("What a trace meets is what any of its spans meets, in any order and any division into requests")
    func unions() throws {
        let all: [SpanCondition] = [
            .text(key: Self.tier, oneOf: Self.bytes("gold", "silver")),
            .text(key: Self.tier, oneOf: Self.bytes("silver")),
            .pattern(key: Self.route, try Self.patterns("health$")),
            .pattern(key: Self.route, try Self.patterns("^/health")),
            .integer(key: Self.status, 400...Int64.max), .integer(key: Self.status, 500...500),
            .boolean(key: Self.hint, true), .boolean(key: Self.hint, false), .isFlaggedSampled,
        ]
        let asked = try conditions(all)
        var dice = SlotTableTests.Dice(state: 11)
        for round in 0..<150 {
            let spans = (0..<(round < 100 ? 3 : 40)).map { _ in RandomSpan(&dice) }
            let expected = all.indices.map { condition in spans.contains { $0.meets[condition] } }
            for _ in 0..<4 {
                var features = TraceFeatures(traceID: .test(1))
                var rest = spans.shuffled(using: &dice)[...]
                while !rest.isEmpty {
                    let part = rest.prefix(Int.random(in: 1...rest.count, using: &dice))
                    try features.noteRequest(tracesRequest(part.map(\.span)), asked)
                    rest = rest.dropFirst(part.count)
                }
                #expect(all.indices.map { features.matches[$0] } == expected)
            }
        }
    }

    // MARK: The plan

    @Test("Equal conditions share a bit, and there are 128 of them at most")
    func bits() throws {
        var builder = PolicyBuilder()
        let gold = SpanCondition.text(key: Self.tier, oneOf: Self.bytes("gold"))
        #expect(builder.bit(gold) == builder.bit(.text(key: Self.tier, oneOf: Self.bytes("gold"))))
        #expect(
            builder.bit(.pattern(key: Self.tier, try Self.patterns("a")))
                == builder.bit(.pattern(key: Self.tier, try Self.patterns("a"))))
        for number in 2..<Int64(MatchSet.capacity) { _ = builder.bit(.integer(key: Self.status, number...number)) }
        #expect(builder.problem == nil)
        _ = builder.bit(.hasLinks)
        #expect(builder.problem?.contains("more than 128 different conditions") == true)
    }

    @Test("A table of byte strings finds all of them and nothing else")
    func table() {
        let strings = (0..<500).map { Array("key.\($0)".utf8) } + [[], Array(repeating: 7, count: 300)]
        let table = ByteStringTable(strings)
        for (position, string) in strings.enumerated() {
            let bytes = [1] + string + [2]
            #expect(table.index(of: ByteRange(1, 1 + string.count), in: bytes.span) == position)
            #expect(table.index(of: ByteRange(0, bytes.count), in: bytes.span) == nil)
        }
        #expect(table.index(of: ByteRange(0, 9), in: [UInt8]("key.1".utf8).span) == nil)
    }
}
