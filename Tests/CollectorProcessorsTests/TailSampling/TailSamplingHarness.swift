import CollectorCore
import CollectorTestKit
import NIOCore
import OTLPWire
import Testing

@testable import CollectorProcessors

/// A `tail_sampling` processor between the ends of a pipeline, on a clock turned by hand.
struct TailSamplingHarness {
    let context: TestContext
    let sink: RecordingConsumer
    let processor: any ConsumingComponent
    let pipeline: AccountedPipeline

    init(_ section: TestConfig, budgetBytes: Int = 1 << 30, id: ComponentID = ComponentID(type: "tail_sampling")) throws
    {
        let (config, problems) = TailSamplingFactory().read(section)
        try #require(problems.isEmpty)
        context = TestContext(budgetBytes: budgetBytes)
        sink = RecordingConsumer()
        processor = try TailSamplingFactory().make(
            config, context.context(id), signal: .traces, next: AccountedTail(context.account, sink))
        pipeline = AccountedPipeline(context.account, head: processor)
    }

    /// Sends one request.
    func send(_ request: [UInt8]) throws {
        try pipeline.send(Batch(signal: .traces, requests: request))
    }

    func send(_ spans: TestSpan..., resource: TestAttributes = ["service.name": "shop"]) throws {
        try send(tracesRequest(resource: resource, spans))
    }

    func advance(_ duration: Duration) { context.clock.advance(by: duration) }

    /// Moves past the decision of everything that waits 30 s at most.
    func decideAll() { advance(.seconds(31)) }

    func shutdown() async {
        await processor.shutdown(deadline: context.clock.now() &+ 5_000_000_000)
    }

    /// What arrived downstream, span by span.
    func received() throws -> [WholeSpan] { try sink.batches.flatMap { try $0.wholeSpans } }

    func receivedTraces() throws -> Set<TraceID> { Set(try received().map(\.traceID)) }

    func metric(_ name: String, _ labels: [String: String] = [:]) -> Double {
        context.metric("otelcol_processor_tail_sampling_\(name)", labels)
    }
}

/// A span with everything that belongs to it: all bytes of its groups' fields and its own.
struct WholeSpan: Hashable {
    var traceID: TraceID
    var spanID: UInt64
    var resource: [UInt8]
    var scope: [UInt8]
    var span: [UInt8]
    var traceState: String
}

extension Batch {
    /// The spans as a backend reads them: from the bytes, the processor's index put aside, after a look that says the
    /// same.
    var wholeSpans: [WholeSpan] {
        get throws {
            try segments.flatMap { segment -> [WholeSpan] in
                let bytes = Array(segment.body.readableBytesView)
                guard case .traces(let own) = segment.index,
                    case .traces(let index) = try Segment(signal: .traces, bytes).index
                else { return [] }
                #expect(own.isWhole)
                #expect("\(own.spans)" == "\(index.spans)")
                #expect("\(own.scopes)" == "\(index.scopes)")
                #expect(own.resources.map(\.payload) == index.resources.map(\.payload))
                return index.wholeSpans(bytes)
            }
        }
    }
}

extension TraceIndex {
    func wholeSpans(_ bytes: [UInt8]) -> [WholeSpan] {
        spans.map { span in
            let scope = scopes[Int(span.scope)]
            let resource = resources[Int(scope.parent)]
            return WholeSpan(
                traceID: span.traceID, spanID: span.spanID,
                resource: Array(bytes[resource.head.range] + bytes[resource.tail.range]),
                scope: Array(bytes[scope.head.range] + bytes[scope.tail.range]), span: Array(bytes[span.range.range]),
                traceState: String(decoding: bytes[span.traceState.range], as: UTF8.self))
        }
    }
}

/// The spans of a request.
func wholeSpans(_ request: [UInt8]) throws -> [WholeSpan] {
    guard case .traces(let index) = try Segment(signal: .traces, request).index else { return [] }
    return index.wholeSpans(request)
}

/// A policy list with one entry.
func policy(_ type: String, _ settings: TestConfig = [:]) -> TestConfig {
    .list([.section(("name", "p"), ("type", .scalar(type)), (type, settings))])
}

extension TestConfig {
    /// A section with these keys.
    static func section(_ pairs: (String, TestConfig)...) -> TestConfig { .map(pairs) }
}

/// What policies know of a trace with these spans, which arrive together.
func testFeatures(
    _ spans: [TestSpan], resource: TestAttributes = ["service.name": "shop"],
    _ conditions: SpanConditions = SpanConditions(SpanConditionPlan())
) throws -> TraceFeatures {
    var features = TraceFeatures(traceID: spans.first?.traceID ?? .test(0))
    try features.noteRequest(tracesRequest(resource: resource, spans), conditions)
    return features
}

extension SpanConditions {
    /// What all spans of a request meet.
    func matches(_ bytes: Span<UInt8>, _ index: TraceIndex) -> [MatchSet] {
        matches(bytes, index, 0..<index.spans.count, ofRequest(bytes, index))
    }
}

extension TraceKeyTables {
    /// The keys of all spans of a request.
    func keys(_ bytes: Span<UInt8>, _ index: TraceIndex, now: UInt64) -> SpanKeys {
        keys(bytes, index, 0..<index.spans.count, resourceKeys(bytes, index, now: now), now: now)
    }
}

extension TraceFeatures {
    /// Takes all spans of a request into account.
    mutating func noteRequest(_ request: [UInt8], _ conditions: SpanConditions) throws {
        guard case .traces(let index) = try validateTraces(request.span).index else { return }
        let matches = conditions.matches(request.span, index)
        for (position, span) in index.spans.enumerated() {
            note(span, request.span, matches.isEmpty ? MatchSet() : matches[position], TraceKeys())
        }
    }
}
