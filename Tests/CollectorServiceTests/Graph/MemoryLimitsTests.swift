import CollectorCore
import CollectorProcessors
import CollectorTestKit
import NIOPosix
import Synchronization
import Testing

@testable import CollectorService

/// Limits are known before the first component takes its share of the byte budget.
@Suite struct MemoryLimitsTests {
    private let budgets = SeenBudgets()

    private func registry() -> ComponentRegistry {
        var registry = TracedFactories().registry
        registry.processors = [MemoryLimiterFactory(total: 1000 << 20), BudgetReaderFactory(seen: budgets)]
        return registry
    }

    private func yaml(_ processors: String) -> String {
        """
        receivers: {in: }
        processors: {memory_limiter: {limit_mib: 64}, memory_limiter/unused: {limit_mib: 1}, tail_sampling: }
        exporters: {out: }
        service:
          pipelines:
            traces: {receivers: [in], processors: [\(processors)], exporters: [out]}
        """
    }

    @Test(arguments: ["memory_limiter, tail_sampling", "tail_sampling, memory_limiter"])
    func `a component in whatever place is made with the lowered limits of those in use`(processors: String) throws {
        let (loaded, diagnostics) = ConfigLoader.load(
            sources: ["yaml:" + yaml(processors)], environment: ConfigEnvironment([:]))
        let blueprint = Blueprint(try #require(loaded), registry: registry(), diagnostics: diagnostics)
        try #require(!diagnostics.hasErrors)
        _ = try Graph(blueprint, ServiceEnvironment.test())
        #expect(budgets.all == [MemoryLimits(hard: 64 << 20, soft: (64 << 20) - (64 << 20) / 5)])
    }

    @Test func `a simulation has the budget that the daemon would have`() throws {
        let plan = SimulationPlan.load(
            label: "new.yaml", sources: ["yaml:" + yaml("memory_limiter, tail_sampling")],
            environment: ConfigEnvironment([:]), registry: registry()
        ).plan
        _ = try SimulatedPipeline(
            try #require(plan), clock: VirtualClock(wallTime: 0), budgetBytes: 1 << 30, log: Log(write: { _ in }),
            end: RecordingConsumer())
        #expect(budgets.all == [MemoryLimits(hard: 64 << 20, soft: (64 << 20) - (64 << 20) / 5)])
    }
}

extension MemoryLimitsTests {
    /// What `Graph` says to tail samplers with these settings; nil when it makes them.
    private func outcome(_ samplers: [String], limit: Int) throws -> (error: String?, log: [String]) {
        let names = samplers.indices.map { "tail_sampling/\($0)" }
        let sections = zip(names, samplers).map { "\($0): {\($1)policies: [{name: a, type: always_sample}]}" }
        let yaml = """
            receivers: {in: }
            processors: {memory_limiter: {limit_mib: \(limit)}, \(sections.joined(separator: ", "))}
            exporters: {out: }
            service:
              pipelines:
                traces: {receivers: [in], processors: [memory_limiter, \(names.joined(separator: ", "))], exporters: [out]}
            """
        var registry = TracedFactories().registry
        registry.processors = [MemoryLimiterFactory(total: 1000 << 20), TailSamplingFactory()]
        let (loaded, diagnostics) = ConfigLoader.load(sources: ["yaml:" + yaml], environment: ConfigEnvironment([:]))
        let blueprint = Blueprint(try #require(loaded), registry: registry, diagnostics: diagnostics)
        try #require(!diagnostics.hasErrors)
        let log = TestLog()
        let environment = ServiceEnvironment(
            log: Log(write: { log.append($0) }), clock: ManualClock(), budgetBytes: 1 << 30,
            eventLoops: MultiThreadedEventLoopGroup.singleton, workers: InlineWorkers())
        do throws(ComponentError) {
            _ = try Graph(blueprint, environment)
            return (nil, log.lines)
        } catch {
            return (error.description, log.lines)
        }
    }

    @Test func `a window larger than the memory is an error that names the key and what would be right`() throws {
        let found = try outcome(["max_buffer_mib: 4000, "], limit: 64)
        let error = try #require(found.error)
        #expect(error.contains("processors.tail_sampling/0.max_buffer_mib: 4000 MiB"))
        #expect(error.contains("at most 44, seven eighths of memory_limiter's soft limit of 51 MiB"))
        #expect(try outcome(["max_buffer_mib: 30, "], limit: 64) == (nil, []))
    }

    @Test func `windows that are larger than the memory together are warned of`() throws {
        let found = try outcome(["max_buffer_mib: 30, ", ""], limit: 64)
        #expect(found.error == nil)
        #expect(found.log.count == 1 && found.log[0].contains("`tail_sampling/0` and `tail_sampling/1` may hold"))
        #expect(try outcome(["max_buffer_mib: 10, ", "max_buffer_mib: 20, "], limit: 64) == (nil, []))
    }
}

/// What the byte budget said whenever a component was made.
final class SeenBudgets: Sendable {
    private let state = Mutex<[MemoryLimits]>([])

    var all: [MemoryLimits] { state.withLock { $0 } }
    func note(_ budget: ByteBudget) {
        state.withLock { $0.append(MemoryLimits(hard: budget.limitBytes, soft: budget.softLimitBytes)) }
    }
}

/// Stands where a tail sampler would, and looks at the budget when it is made.
private struct BudgetReaderFactory: ProcessorFactory {
    let seen: SeenBudgets
    let type = "tail_sampling"
    let signals: Set<Signal> = [.traces]
    let summary = ""

    func readConfig(_ reader: ConfigReader) { reader.hint("num_shards") }
    func make(
        _ config: Void, _ context: ComponentContext, signal: Signal, next: any Consumer
    ) throws(ComponentError) -> any ConsumingComponent {
        seen.note(context.budget)
        return TracedComponent("\(context.id)", Events(), next: next)
    }
}
