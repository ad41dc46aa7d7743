import CollectorCore
import CollectorProcessors
import CollectorTestKit
import OTLPWire
import Synchronization
import Testing

/// Stands for a scrape endpoint: remembers what it was offered and what was taken back.
final class RecordingSink: ExemplarSink {
    private struct State {
        var offers: [(exemplar: Exemplar, series: SeriesKey)] = []
        var shown: Set<TraceID> = []
        var withdrawn: [Set<TraceID>] = []
        var refuses = false
    }

    private let state = Mutex(State())

    var offers: [Exemplar] { state.withLock { $0.offers.map(\.exemplar) } }
    var series: [SeriesKey] { state.withLock { $0.offers.map(\.series) } }
    var withdrawals: [Set<TraceID>] { state.withLock { $0.withdrawn } }
    /// Traces that a scrape could show.
    var shown: Set<TraceID> { state.withLock { $0.shown } }

    func offer(_ exemplar: Exemplar, to series: SeriesKey) -> Bool {
        state.withLock { state in
            guard !state.refuses else { return false }
            state.offers.append((exemplar, series))
            state.shown.insert(exemplar.traceID)
            return true
        }
    }

    /// Takes nothing from now on, as a store that does not know the series.
    func refuse() { state.withLock { $0.refuses = true } }

    /// What a point brought.
    func show(_ trace: TraceID) { state.withLock { _ = $0.shown.insert(trace) } }

    func withdraw(_ traces: Set<TraceID>) {
        state.withLock { state in
            state.withdrawn.append(traces)
            state.shown.subtract(traces)
        }
    }
}

/// An `exemplars` processor in a traces and a metrics pipeline, and a scrape side.
struct ExemplarsFixture {
    static let second: UInt64 = 1_000_000_000
    static let epoch: UInt64 = 1_700_000_000_000_000_000

    let test: TestContext
    let scrape = RecordingSink()
    let tracesSink = RecordingConsumer()
    let metricsSink = RecordingConsumer()
    let traces: any ConsumingComponent
    let metrics: any ConsumingComponent

    /// - Parameter decisionWait: of a tail sampler; nil for none.
    init(_ section: TestConfig = [:], decisionWait: Duration? = nil, budgetBytes: Int = 1 << 30) throws {
        let factory = ExemplarsFactory()
        let (config, problems) = factory.read(section)
        try #require(problems.isEmpty)
        // Spans and points lie behind.
        test = TestContext(
            budgetBytes: budgetBytes, clock: ManualClock(wallTime: Self.epoch + 3600 * Self.second))
        if let decisionWait { test.verdicts.addSampler(decisionWait: decisionWait) }
        test.exemplars.register(scrape)
        let context = test.context(ComponentID(type: "exemplars"))
        traces = try factory.make(config, context, signal: .traces, next: tracesSink)
        metrics = try factory.make(config, context, signal: .metrics, next: metricsSink)
    }

    /// Sends kept spans.
    func see(_ spans: TestSpan..., resource: TestAttributes = ["service.name": "shop"]) throws {
        _ = try traces.consume(Batch(signal: .traces, requests: tracesRequest(resource: resource, spans)))
    }

    /// Sends a histogram's points and returns them as they came out.
    @discardableResult
    func point(
        _ points: TestHistogramPoint..., metric: String = "http.server.duration", unit: String = "ms",
        temporality: TestTemporality = .cumulative, resource: TestAttributes = ["service.name": "shop"],
        scope: String = "test"
    ) throws -> [ReadHistogramPoint] {
        let histogram = TestMetric(metric, unit: unit, .histogram(points, temporality))
        metricsSink.clear()
        let request = metricsRequest(resource: resource, scope: scope, [histogram])
        _ = try metrics.consume(Batch(signal: .metrics, requests: request))
        return try metricsSink.batches.flatMap { try $0.readHistogramPoints() }
    }

    func decide(_ trace: TraceID, _ verdict: TraceVerdict) { test.verdicts.record([trace], verdict) }

    func counted(_ name: String, reason: String? = nil) -> Double {
        test.metric("otelcol_processor_exemplars_\(name)", reason.map { ["reason": $0] } ?? [:])
    }
}

/// A point with bounds 10, 100, 1000; by default with one count in each bucket.
func sample(
    _ counts: [UInt64] = [1, 1, 1, 1], attributes: TestAttributes = [:], at seconds: UInt64 = 0,
    exemplars: [TestExemplar] = []
) -> TestHistogramPoint {
    TestHistogramPoint(
        attributes: attributes, bounds: [10, 100, 1000], counts: counts,
        time: ExemplarsFixture.epoch + seconds * ExemplarsFixture.second, exemplars: exemplars)
}
