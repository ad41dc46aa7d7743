package import NIOCore

/// What the service gives a component at its making.
package struct ComponentContext: Sendable {
    package let id: ComponentID
    package let log: Log
    package let clock: any CollectorClock
    package let budget: ByteBudget
    package let telemetry: Telemetry
    /// The account of the pipeline (processors) or branch (exporters, connectors) the component works for.
    package let account: Account
    package let verdicts: TraceVerdicts
    package let exemplars: ExemplarExchange
    package let decisions: DecisionLog
    /// Where receivers open their own accounts.
    package let ledger: Ledger
    package let status: ServiceStatus
    /// State that the instances of one id share across pipelines.
    package let shared: SharedState
    package let eventLoops: any EventLoopGroup
    package let workers: any WorkerPool
    package let hashKeys: HashKeys
    /// The product's name and version, for `User-Agent` and resource attributes.
    package let build: BuildInfo

    package init(
        id: ComponentID, log: Log, clock: any CollectorClock, budget: ByteBudget, telemetry: Telemetry,
        account: Account, verdicts: TraceVerdicts, exemplars: ExemplarExchange, shared: SharedState,
        eventLoops: any EventLoopGroup, workers: any WorkerPool, build: BuildInfo,
        ledger: Ledger = Ledger(), status: ServiceStatus = ServiceStatus(), decisions: DecisionLog = DecisionLog(),
        hashKeys: HashKeys = .secret
    ) {
        self.id = id
        self.log = log
        self.clock = clock
        self.budget = budget
        self.telemetry = telemetry
        self.account = account
        self.verdicts = verdicts
        self.exemplars = exemplars
        self.shared = shared
        self.eventLoops = eventLoops
        self.workers = workers
        self.build = build
        self.ledger = ledger
        self.status = status
        self.decisions = decisions
        self.hashKeys = hashKeys
    }
}

package struct BuildInfo: Sendable {
    package var name: String
    package var version: String

    package init(name: String, version: String) {
        self.name = name
        self.version = version
    }

    package static let current = BuildInfo(name: "needletail", version: "0.1.0")
}
