import CollectorCore
import CollectorTestKit
import OTLPWire
import Synchronization

@testable import CollectorService

/// A stand-in for `tail_sampling` that keeps failed traces (`errors`), then long ones (`slow`), and announces its decisions.
/// `decision_wait` seconds after a trace's first span it decides; later spans follow.
struct FakeTailSamplerFactory: ProcessorFactory {
    struct Config: Sendable {
        var wait: Duration
        var slowMilliseconds: Int
        var shards: Int
        var blocks: Bool
    }

    let type = "tail_sampling"
    let signals: Set<Signal> = [.traces]
    let summary = ""

    func readConfig(_ reader: ConfigReader) -> Config {
        Config(
            wait: reader.duration("decision_wait", default: .seconds(5)),
            slowMilliseconds: reader.integer("slow_ms", default: 500), shards: reader.integer("num_shards", default: 4),
            blocks: reader.bool("blocks", default: false))
    }

    func make(
        _ config: Config, _ context: ComponentContext, signal: Signal, next: any Consumer
    ) throws(ComponentError) -> any ConsumingComponent {
        guard config.shards == 1 else { throw ComponentError("a simulation wants one shard") }
        return FakeTailSampler(config, context, next: next)
    }
}

final class FakeTailSampler: ConsumingComponent {
    private let config: FakeTailSamplerFactory.Config
    private let context: ComponentContext
    private let next: any Consumer
    private let waiting = Mutex<[TraceID: [Segment]]>([:])

    init(_ config: FakeTailSamplerFactory.Config, _ context: ComponentContext, next: any Consumer) {
        self.config = config
        self.context = context
        self.next = next
        context.account.addHolder { [weak self] in
            self?.waiting.withLock { $0.values.reduce(0) { $0 + $1.reduce(0) { $0 + $1.itemCount } } } ?? 0
        }
    }

    func start() async throws(ComponentError) { tick() }
    func shutdown(deadline: UInt64) async { for trace in waiting.withLock({ Array($0.keys) }) { decide(trace) } }

    /// A timer that never ends, as the real one has.
    private func tick() {
        context.clock.schedule(after: .seconds(10)) { [weak self] in self?.tick() }
    }

    func admit(_ batch: Batch) throws(DeliveryError) -> any Admission {
        ClosureAdmission { [self] in
            let completion = Completion()
            for segment in batch.segments {
                guard case .traces(let index) = segment.index else { continue }
                for (trace, spans) in Dictionary(grouping: index.spans, by: \.traceID) {
                    var part = index
                    part.spans = spans
                    part.isWhole = false
                    let isNew = waiting.withLock { waiting in
                        let isNew = waiting[trace] == nil
                        waiting[trace, default: []].append(segment.reindexed(part))
                        return isNew
                    }
                    guard isNew else { continue }
                    context.clock.schedule(after: config.wait) { [context] in
                        context.workers.run {
                            self.decide(trace)
                            completion.fulfil(.success(nil))
                        }
                    }
                }
            }
            return config.blocks ? .pending(completion) : .done()
        }
    }

    private func decide(_ trace: TraceID) {
        let segments = waiting.withLock { $0.removeValue(forKey: trace) ?? [] }
        let spans = segments.flatMap { segment -> [SpanEntry] in
            if case .traces(let index) = segment.index { index.spans } else { [] }
        }
        let isError = spans.contains { $0.statusCode == 2 }
        let longest = spans.map { $0.endNanoseconds - $0.startNanoseconds }.max() ?? 0
        let isSlow = longest > UInt64(config.slowMilliseconds) * 1_000_000
        func vote(_ policy: String, _ isFor: Bool, _ reason: String) -> TraceDecision.Vote {
            TraceDecision.Vote(
                policy: policy, answer: isFor ? .sampled : .notSampled, isShadow: false, reason: reason)
        }
        context.decisions.announce([
            TraceDecision(
                sampler: "\(context.id)", traceID: trace, isKept: isError || isSlow,
                decidedAt: context.clock.wallTime(), policy: isError ? "errors" : isSlow ? "slow" : nil,
                trigger: "timeout", spanCount: spans.count, byteCount: 100 * spans.count,
                votes: [
                    vote("errors", isError, "status"), vote("slow", isSlow, "latency \(longest / 1_000_000) ms"),
                ])
        ])
        if isError || isSlow {
            _ = try? next.consume(Batch(signal: .traces, segments: segments))
        } else {
            context.account.dropped("\(context.id)", "not sampled").add(spans.count)
        }
    }
}

extension ComponentRegistry {
    /// The fake sampler beside processors and exporters without meaning.
    static let simulated = ComponentRegistry(
        receivers: TracedFactories().registry.receivers,
        processors: [FakeTailSamplerFactory()] + TracedFactories().registry.processors,
        exporters: TracedFactories().registry.exporters, extensions: [])
}

/// A plan of the fake sampler with these settings.
func fakePlan(_ settings: String = "", label: String = "test.yaml") -> SimulationPlan? {
    SimulationPlan.load(
        label: label, sources: ["yaml:" + samplingConfig("tail_sampling: {\(settings)}", "tail_sampling")],
        environment: ConfigEnvironment([:]), registry: .simulated
    ).plan
}

/// A configuration with these processors in its one pipeline.
func samplingConfig(_ processors: String, _ names: String) -> String {
    """
    receivers: {in: }
    processors: {\(processors)}
    exporters: {out: }
    service: {pipelines: {traces: {receivers: [in], processors: [\(names)], exporters: [out]}}}
    """
}

/// Runs captures of lines through the fake sampler.
func simulate(
    _ plan: SimulationPlan?, baseline: SimulationPlan? = nil, _ text: String
) async throws -> SimulationOutcome {
    guard let plan else { throw ConfigMistake("no plan") }
    let files = try ConfigFiles(["capture.jsonl": text])
    return try await Simulation(plan, baseline: baseline, budgetBytes: 256 << 20, log: Log(write: { _ in }))
        .run(captures: [files.path("capture.jsonl")], problem: { _ in })
}
