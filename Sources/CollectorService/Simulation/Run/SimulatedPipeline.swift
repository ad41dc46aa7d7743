import CollectorCore
import NIOPosix
import Synchronization

/// One configuration's samplers on a virtual clock, wired as the daemon wires them. Driven by one thread.
final class SimulatedPipeline {
    /// A gap between requests that is longer counts as this much, so that a capture's silent months take no time: by then
    /// everything is decided.
    static let longestGap: UInt64 = 86_400_000_000_000
    /// After the last request, how long decisions are waited for.
    private static let longestWait: UInt64 = 30 * longestGap

    let clock: VirtualClock
    let decisions: DecisionLog
    private let workers = QueuedWorkers()
    private let account: Account
    private let head: any Consumer
    /// Upstream first.
    private let components: [any Component]
    /// Spans that the samplers did not take.
    private(set) var refusedSpans = 0

    /// - Parameters:
    ///   - wallTime: when the simulation begins.
    ///   - end: gets what is kept.
    init(
        _ plan: SimulationPlan, clock: VirtualClock, budgetBytes: Int, log: Log, end: any Consumer
    ) throws(ComponentError) {
        self.clock = clock
        let environment = ServiceEnvironment(
            log: log, clock: clock, budgetBytes: budgetBytes, eventLoops: MultiThreadedEventLoopGroup.singleton,
            workers: workers, hashKeys: .fixed)
        for limits in plan.memoryLimits { environment.budget.lowerLimits(to: limits) }
        decisions = environment.decisions
        account = environment.ledger.open(signal: .traces, branch: "pipeline \(plan.pipeline)")
        var next: any Consumer = PipelineTail(account: account, exporters: end)
        var made: [any Component] = []
        for stage in plan.stages.reversed() {
            let context = environment.context(for: stage.id, kind: "processor", account: account)
            let component = try stage.make(context, .traces, next)
            made.append(component)
            next = component
        }
        head = PipelineHead(account: account, next: next)
        components = made.reversed()
    }

    func start() async throws(ComponentError) {
        for component in components.reversed() { try await component.start() }
    }

    /// Lets time pass until `time` (since 1970) and hands over a request.
    func take(_ batch: Batch, at time: UInt64) {
        let wallTime = clock.wallTime()
        if time > wallTime {
            let step = min(time - wallTime, Self.longestGap)
            advance(to: clock.now() &+ step)
            clock.skip(nanoseconds: time - wallTime - step)
        }
        do {
            let acceptance = try head.consume(batch)
            workers.drain()
            switch acceptance {
            case .done(let refused): refusedSpans += refused?.count ?? 0
            case .pending(let completion): wait(for: completion, batch)
            }
        } catch {
            refusedSpans += batch.itemCount
        }
    }

    /// Lets time pass until everything is decided, and ends the samplers.
    func finish() async {
        let limit = clock.now() &+ Self.longestWait
        while account.statement().held > 0, let next = clock.nextDeadline, next <= limit { advance(to: next) }
        let deadline = clock.now() &+ 1_000_000_000
        for component in components {
            let isDown = SharedFlag()
            async let down: Void = {
                await component.shutdown(deadline: deadline)
                isDown.set()
            }()
            // Whoever waits for a timer while it shuts down gets it.
            while !isDown.isSet {
                workers.drain()
                if let next = clock.nextDeadline, next <= deadline { advance(to: next) }
                await Task.yield()
            }
            await down
        }
        workers.drain()
    }

    private func advance(to target: UInt64) {
        clock.advance(to: target) { workers.drain() }
    }

    /// A sender whose request is held back sends nothing meanwhile.
    private func wait(for completion: Completion, _ batch: Batch) {
        let isAnswered = SharedFlag()
        let refused = Counter()
        completion.whenFulfilled { outcome in
            switch outcome {
            case .success(let refusal): refused.add(refusal?.count ?? 0)
            case .failure: refused.add(batch.itemCount)
            }
            isAnswered.set()
        }
        let limit = clock.now() &+ Self.longestWait
        while !isAnswered.isSet, let next = clock.nextDeadline, next <= limit { advance(to: next) }
        refusedSpans += Int(refused.value)
    }
}

/// Whether something has happened on another thread.
private final class SharedFlag: Sendable {
    private let flag = Atomic<Bool>(false)

    var isSet: Bool { flag.load(ordering: .acquiring) }
    func set() { flag.store(true, ordering: .releasing) }
}
