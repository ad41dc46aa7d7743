import CollectorCore
import CollectorProcessors
import CollectorTestKit
import OTLPWire
import Testing

/// One line of `spans.tsv`.
private struct RecordedSpan {
    var traceID: TraceID
    var kind: String
    var priority: TestValue?
    var traceState: String

    init?(_ line: Substring) {
        let fields = line.split(separator: "\t", maxSplits: 3, omittingEmptySubsequences: false)
        guard fields.count == 4, let traceID = TraceID(hexadecimal: String(fields[0])) else { return nil }
        self.traceID = traceID
        kind = String(fields[1])
        traceState = String(fields[3])
        let parts = fields[2].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return }
        switch parts[0] {
        case "int": priority = Int64(parts[1]).map { .int($0) }
        case "double": priority = Double(parts[1]).map { .double($0) }
        case "bool": priority = .bool(parts[1] == "true")
        default: priority = .string(String(parts[1]))
        }
    }
}

/// What a tracestate says, however it is written.
private struct Meaning: Equatable {
    var ot: [String: String]?
    var others: [String] = []

    init(_ text: String) {
        for member in text.split(separator: ",").map({ $0.trimmed }) where !member.isEmpty {
            if member.hasPrefix("ot="), ot == nil {
                let pairs = member.dropFirst(3).split(separator: ";").map { part in
                    let halves = part.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                    return (String(halves[0]), halves.count > 1 ? String(halves[1]) : "")
                }
                ot = Dictionary(pairs) { first, _ in first }
            } else {
                others.append(member)
            }
        }
    }

    /// The same without the `th:0` that the standard does not ask for.
    var withoutZeroThreshold: Meaning {
        var copy = self
        guard var ot, ot["th"] == "0" else { return self }
        ot["th"] = nil
        copy.ot = ot.isEmpty ? nil : ot
        return copy
    }
}

extension Substring {
    fileprivate var trimmed: String {
        let start = drop { $0 == " " || $0 == "\t" }
        guard let end = start.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
        return String(start[...end])
    }
}

@Suite struct ProbabilisticSamplerGoldenTests {
    private static let excusedKinds: Set = ["malformed", "zero_id"]

    @Test(arguments: [
        "default-mode-25", "equalizing-0", "equalizing-0_1-precision3", "equalizing-1", "equalizing-10",
        "equalizing-10-fail_open", "equalizing-100", "equalizing-50", "hash_seed-1-seed0", "hash_seed-1-seed22",
        "hash_seed-10-fail_open", "hash_seed-10-seed0", "hash_seed-10-seed22", "hash_seed-100", "hash_seed-50-seed0",
        "hash_seed-50-seed22", "hash_seed-99_9-seed0", "hash_seed-99_9-seed22", "proportional-1", "proportional-10",
        "proportional-10-fail_open", "proportional-100", "proportional-33_3-precision1",
        "proportional-33_3-precision14", "proportional-33_3-precision2", "proportional-33_3-precision6",
        "proportional-50",
    ])
    func `every recorded decision and tracestate is ours`(name: String) async throws {
        let recorded = try goldenFile("probabilistic-sampler/\(name).tsv").split(separator: "\n")
        let settings = try #require(recorded.first).split(separator: " ").map { pair in
            let halves = pair.split(separator: "=", maxSplits: 1)
            return (String(halves[0]), TestConfig.scalar(String(halves[1])))
        }
        var expected: [Int: String] = [:]
        for line in recorded.dropFirst() {
            let fields = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
            expected[try #require(Int(fields[0]))] = String(fields[1])
        }
        let spans = try goldenFile("probabilistic-sampler/spans.tsv").split(separator: "\n")
            .compactMap(RecordedSpan.init)
        try #require(spans.count == 4000)

        let kept = try sampled(spans, settings)
        var differences: [String] = []
        for (number, span) in spans.enumerated() where !Self.excusedKinds.contains(span.kind) {
            let wanted = expected[number].map { $0 == "=" ? span.traceState : $0 }
            guard (wanted == nil) == (kept[number] == nil) else {
                differences.append("\(number) (\(span.kind), \(span.traceState)): kept is \(kept[number] != nil)")
                continue
            }
            guard let wanted, let got = kept[number] else { continue }
            let meaning = Meaning(wanted)
            if Meaning(got) != meaning && Meaning(got) != meaning.withoutZeroThreshold {
                differences.append("\(number) (\(span.kind), \(span.traceState)): \(got) instead of \(wanted)")
            }
        }
        #expect(differences.isEmpty, "\(differences.count): \(differences.prefix(5))")
    }

    /// The tracestates of kept spans by number. Span ids are the numbers plus one; zero trace ids never reach a
    /// sampler.
    private func sampled(
        _ spans: [RecordedSpan], _ settings: [(String, TestConfig)]
    ) throws -> [Int: String] {
        let factory = ProbabilisticSamplerFactory()
        let (config, problems) = factory.read(.map(settings))
        #expect(problems.isEmpty)
        let sink = RecordingConsumer()
        let test = TestContext()
        let processor = try factory.make(
            config, test.context(ComponentID(type: factory.type)), signal: .traces, next: sink)
        let sent = spans.enumerated().filter { !$0.element.traceID.isZero }.map { number, span in
            var attributes: TestAttributes = ["other": "x"]
            if let priority = span.priority { attributes.pairs.append((key: "sampling.priority", value: priority)) }
            return TestSpan(
                span.traceID, spanID: UInt64(number) + 1, attributes: attributes, traceState: span.traceState)
        }
        _ = try processor.consume(Batch(signal: .traces, requests: tracesRequest(sent)))
        let read = try sink.batches.flatMap { try $0.readSpans() }
        return Dictionary(read.map { (Int($0.spanID) - 1, $0.traceState) }) { first, _ in first }
    }
}
