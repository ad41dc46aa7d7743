package import CollectorCore
package import NIOCore

/// What all components of a service share.
package struct ServiceEnvironment: Sendable {
    package let log: Log
    package let clock: any CollectorClock
    package let budget: ByteBudget
    package let telemetry: Telemetry
    package let ledger: Ledger
    package let verdicts: TraceVerdicts
    package let exemplars: ExemplarExchange
    package let decisions = DecisionLog()
    package let shared: SharedState
    package let status = ServiceStatus()
    package let eventLoops: any EventLoopGroup
    package let workers: any WorkerPool
    package let hashKeys: HashKeys
    package let build: BuildInfo

    /// - Parameter budgetBytes: what all buffers may hold together.
    package init(
        log: Log, clock: any CollectorClock, budgetBytes: Int, eventLoops: any EventLoopGroup,
        workers: any WorkerPool, build: BuildInfo = .current, hashKeys: HashKeys = .secret
    ) {
        self.log = log
        self.clock = clock
        self.eventLoops = eventLoops
        self.workers = workers
        self.build = build
        self.hashKeys = hashKeys
        budget = ByteBudget(limit: budgetBytes) { clock.now() }
        telemetry = Telemetry()
        ledger = Ledger()
        verdicts = TraceVerdicts(clock: clock)
        exemplars = ExemplarExchange()
        shared = SharedState()
    }

    /// - Parameter kind: `receiver`, `processor`, `connector`, `exporter` or `extension`, for the log.
    func context(for id: ComponentID, kind: String, account: Account) -> ComponentContext {
        ComponentContext(
            id: id, log: log.named("\(kind)/\(id)"), clock: clock, budget: budget, telemetry: telemetry,
            account: account, verdicts: verdicts, exemplars: exemplars, shared: shared, eventLoops: eventLoops,
            workers: workers, build: build, ledger: ledger, status: status, decisions: decisions,
            hashKeys: hashKeys)
    }
}
