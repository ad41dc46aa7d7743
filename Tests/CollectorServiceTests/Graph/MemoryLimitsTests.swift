import CollectorCore
import CollectorProcessors
import CollectorTestKit
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
