import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorProcessors

/// A trace is decided as a whole (conformance 218, 229): how its spans are cut into requests, mixed with others and
/// ordered makes no difference.
@Suite("tail_sampling: decisions do not depend on how spans arrive")
struct TailSamplingPropertyTests {
    /// A span with the groups it is sent in.
    struct Piece {
        var span: TestSpan
        var service: String
        var scope: String
    }

    static let policies: TestConfig = .list([
        section("errors", "status_code", ["status_codes": ["ERROR"]]),
        section("slow", "latency", ["threshold_ms": 400]),
        section("band", "latency", ["threshold_ms": 150, "upper_threshold_ms": 180]),
        section("some", "probabilistic", ["sampling_percentage": 10]),
        section("gold", "string_attribute", ["key": "tier", "values": ["gold"]]),
        section(
            "not-x", "string_attribute",
            ["key": "route", "values": ["^/[a-y]"], "enabled_regex_matching": true, "invert_match": true]),
        section("5xx", "numeric_attribute", ["key": "code", "min_value": 500, "max_value": 599]),
        section("many", "span_count", ["min_spans": 7, "max_spans": 8]),
        section("state", "trace_state", ["key": "debug", "values": ["on"]]),
        section("ottl", "ottl_condition", ["span": ["name == \"pay\" and attributes[\"code\"] == 402"]]),
        section("linked", "linked", ["budget_per_second": 1_000_000]),
        .section(
            ("name", "no-bots"), ("type", "drop"),
            (
                "drop",
                [
                    "drop_sub_policy": .list([
                        section("bot", "string_attribute", ["key": "agent", "values": ["bot"]]),
                        .section(
                            ("name", "fine"), ("type", "not"),
                            (
                                "not",
                                ["not_sub_policy": section("e", "status_code", ["status_codes": ["ERROR"]])]
                            )),
                    ])
                ]
            )),
    ])

    private static func section(_ name: String, _ type: String, _ settings: TestConfig) -> TestConfig {
        .section(("name", .scalar(name)), ("type", .scalar(type)), (type, settings))
    }

    /// Traces of one to nine spans, in several services and scopes, each with something that some policy looks at.
    private func traces(_ random: inout SeededGenerator) -> [Piece] {
        (1...300 as ClosedRange<UInt64>).flatMap { number -> [Piece] in
            (1...UInt64.random(in: 1...9, using: &random)).map { position in
                var span = TestSpan(
                    .test(number), spanID: number * 100 + position,
                    name: ["get", "pay"].randomElement(using: &random) ?? "",
                    start: 1_700_000_000_000_000_000 + .random(in: 0...200_000_000, using: &random),
                    duration: .milliseconds(Int.random(in: 0...220, using: &random)))
                span.parentSpanID = position == 1 ? 0 : number * 100 + 1
                span.statusCode = Int.random(in: 0..<60, using: &random) == 0 ? 2 : nil
                span.traceState = Int.random(in: 0..<80, using: &random) == 0 ? "debug=on" : ""
                // Some lead to each other, some in circles, some nowhere.
                if Int.random(in: 0..<12, using: &random) == 0 {
                    span.links = (0..<3).map { _ in .test(.random(in: 1...330, using: &random)) }
                }
                let rare = { (random: inout SeededGenerator) in Int.random(in: 0..<40, using: &random) == 0 }
                span.attributes = TestAttributes([
                    ("tier", .string(rare(&random) ? "gold" : "tin")), ("route", .string(rare(&random) ? "/z" : "/a")),
                    ("code", .int(rare(&random) ? 503 : rare(&random) ? 402 : 200)),
                    ("agent", .string(rare(&random) ? "bot" : "human")),
                ])
                return Piece(
                    span: span, service: "service-\(Int.random(in: 0..<4, using: &random))",
                    scope: "scope-\(Int.random(in: 0..<3, using: &random))")
            }
        }
    }

    /// Requests that bring the pieces in their order, cut at random places.
    private func requests(_ pieces: [Piece], _ random: inout SeededGenerator) -> [[UInt8]] {
        var requests: [[UInt8]] = []
        var rest = pieces[...]
        while !rest.isEmpty {
            let part = rest.prefix(Int.random(in: 1...60, using: &random))
            rest = rest.dropFirst(part.count)
            var request: [UInt8] = []
            for piece in part { request += envelope(piece) }
            requests.append(request)
        }
        return requests
    }

    /// One ResourceSpans with both schema URLs.
    private func envelope(_ piece: Piece) -> [UInt8] {
        ProtobufMessage { request in
            request.message(1) { group in
                group.message(1) { $0.attributes(1, ["service.name": .string(piece.service)]) }
                group.message(2) { scope in
                    scope.message(1) { $0.string(1, piece.scope) }
                    scope.bytes(2, piece.span.encoded)
                    scope.string(3, "https://schema.test/scope")
                }
                group.string(3, "https://schema.test/resource")
            }
        }.bytes
    }

    @Test("The same traces are kept, whole and with their groups, whatever the cut and the order", arguments: 0..<8)
    func cuts(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: 4711)
        let pieces = traces(&random)
        let whole = try outcome(requests(pieces, &random), shards: 1)
        try #require(whole.count > 100)

        var shuffled = SeededGenerator(seed: seed)
        let order = seed % 2 == 0 ? pieces.shuffled(using: &shuffled) : Array(pieces.reversed())
        let other = try outcome(requests(order, &shuffled), shards: 1 + Int(seed % 4))
        #expect(whole.tally == other.tally)
        // Traces are kept with all of their spans or none.
        let sent = pieces.map(\.span.traceID).tally
        for (trace, count) in other.map(\.traceID).tally { #expect(sent[trace] == count) }
    }

    private func outcome(_ requests: [[UInt8]], shards: Int) throws -> [WholeSpan] {
        let harness = try TailSamplingHarness([
            "decision_wait": "5s", "num_shards": .scalar("\(shards)"), "policies": Self.policies,
        ])
        for request in requests {
            try harness.send(request)
            harness.advance(.milliseconds(3))
        }
        harness.decideAll()
        #expect(harness.context.account.imbalance == nil)
        return try harness.received()
    }
}
