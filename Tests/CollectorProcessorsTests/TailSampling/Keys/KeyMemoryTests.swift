import CollectorTestKit
import Testing

@testable import CollectorProcessors

@Suite("tail_sampling: memory of keys")
struct KeyMemoryTests {
    private static let policies: TestConfig = .list(
        (0..<8).map { number in
            .section(
                ("name", .scalar("p\(number)")), ("type", "latency_percentile"),
                ("latency_percentile", .section(("percentile", .scalar("\(50 + number)")), ("min_samples", 1))))
        } + [
            .section(("name", "failing"), ("type", "error_rate")),
            .section(("name", "enough"), ("type", "adaptive"), ("adaptive", .section(("spans_per_second", 100)))),
        ])

    private func spans(_ names: Range<Int>) -> [TestSpan] {
        names.map { TestSpan(.test(UInt64($0)), name: "name \($0)") }
    }

    @Test("What senders make policies learn is charged to the budget and bounded, and comes back when it is forgotten")
    func bounded() async throws {
        let harness = try TailSamplingHarness(
            ["decision_wait": "1s", "policies": Self.policies], budgetBytes: 64 << 20)
        try await harness.processor.start()
        for start in stride(from: 0, to: 12_000, by: 1000) {
            try harness.send(tracesRequest(spans(start..<start + 1000)))
            harness.advance(.seconds(2))
        }
        let bytes = harness.metric("key_bytes")
        let keys = harness.metric("keys")
        // 1152 bytes for each key of each percentile.
        #expect(bytes > keys * 8 * 1152 && bytes <= Double(8 << 20))
        #expect(keys >= 300 && keys <= 900, "\(keys)")
        #expect(harness.metric("keys_without_room") >= 12_000 - keys)
        let held = harness.context.budget.usedBytes
        // Those that there was no room for are decided all the same, as one.
        #expect(harness.context.account.imbalance == nil)
        let decision = try #require(harness.context.decisions.decisions(of: .test(11_999)).first)
        #expect(decision.votes[0].reason.contains("all keys that there was no room for"))
        harness.advance(.seconds(720))
        // The names stay, for explanations.
        let names = harness.metric("key_bytes")
        #expect(names < keys * 300 && harness.metric("keys") == keys)
        #expect(harness.context.budget.usedBytes <= held - Int(bytes - names))
        // New keys find room.
        let refused = harness.metric("keys_without_room")
        try harness.send(tracesRequest(spans(20_000..<20_010)))
        #expect(harness.metric("keys") == keys + 10 && harness.metric("keys_without_room") == refused)
    }

    @Test("A key that is silent for ten minutes and comes back begins anew")
    func comesBack() async throws {
        let harness = try TailSamplingHarness([
            "decision_wait": "1s",
            "policies": policy("latency_percentile", ["percentile": 90, "min_samples": 5]),
        ])
        try await harness.processor.start()
        func reason(_ trace: UInt64) throws -> String {
            try harness.send(TestSpan(.test(trace), name: "GET /", duration: .seconds(1)))
            harness.advance(.seconds(2))
            return try #require(harness.context.decisions.decisions(of: .test(trace)).first).votes[0].reason
        }
        for trace in 1...9 as ClosedRange<UInt64> { _ = try reason(trace) }
        #expect(try !reason(10).contains("not known"))
        let bytes = harness.metric("key_bytes")
        harness.advance(.seconds(720))
        #expect(harness.metric("key_bytes") < bytes - 1152)
        for trace in 11...15 as ClosedRange<UInt64> { #expect(try reason(trace).contains("not known")) }
        #expect(try !reason(16).contains("not known"))
    }
}
