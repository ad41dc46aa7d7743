package import CollectorCore
import NIOPosix
import Synchronization

/// What a component under test is made with, and the ends of it that tests hold.
package struct TestContext: Sendable {
    package let clock: ManualClock
    package let ledger: Ledger
    package let account: Account
    package let telemetry: Telemetry
    package let verdicts: TraceVerdicts
    package let exemplars: ExemplarExchange
    package let decisions = DecisionLog()
    package let budget: ByteBudget
    package let log: TestLog
    private let shared: SharedState

    package init(
        signal: Signal = .traces, budgetBytes: Int = 1 << 30, clock: ManualClock = ManualClock(),
        verdictRetention: Duration = .seconds(120)
    ) {
        self.clock = clock
        ledger = Ledger()
        account = ledger.open(signal: signal, branch: "pipeline \(signal.rawValue)")
        telemetry = Telemetry()
        verdicts = TraceVerdicts(clock: clock, retention: verdictRetention)
        exemplars = ExemplarExchange()
        budget = ByteBudget(limit: budgetBytes, now: { clock.now() })
        log = TestLog()
        shared = SharedState()
    }

    /// The context for a component. All components of one `TestContext` share clock, verdicts, exemplars and account.
    package func context(_ id: ComponentID) -> ComponentContext {
        context(id, account: account)
    }

    /// The same with another account, for a component of a second pipeline.
    package func context(_ id: ComponentID, account: Account) -> ComponentContext {
        let log = log
        return ComponentContext(
            id: id, log: Log(minimum: .debug, component: "\(id)", write: { log.append($0) }), clock: clock,
            budget: budget, telemetry: telemetry, account: account, verdicts: verdicts, exemplars: exemplars,
            shared: shared, eventLoops: MultiThreadedEventLoopGroup.singleton, workers: InlineWorkers(),
            build: .current, ledger: ledger, decisions: decisions)
    }

    /// The value of one series of the collector's own metrics; 0 when it is not there.
    package func metric(_ name: String, _ labels: [String: String] = [:]) -> Double {
        for family in telemetry.snapshot() where family.name == name {
            for series in family.series {
                let own = Dictionary(series.labels.map { ($0.name, $0.value) }) { first, _ in first }
                guard labels.allSatisfy({ own[$0.key] == $0.value }) else { continue }
                if case .number(let value) = series.value { return value }
                if case .histogram(_, let counts, _) = series.value { return Double(counts.reduce(0, +)) }
            }
        }
        return 0
    }
}

/// Runs work at once, on the calling thread.
package struct InlineWorkers: WorkerPool {
    package init() {}

    package func run(_ work: @escaping @Sendable () -> Void) { work() }
}

/// The lines a component logged.
package final class TestLog: Sendable {
    private let state = Mutex<[String]>([])

    package init() {}

    package var lines: [String] { state.withLock { $0 } }

    package func append(_ line: String) { state.withLock { $0.append(line) } }
}
