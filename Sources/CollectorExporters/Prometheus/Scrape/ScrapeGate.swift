import CollectorCore
import Synchronization

/// Lets scrapes in as `ScrapeQueue` says, and charges their memory to the byte budget.
final class ScrapeGate: Sendable {
    /// What a scrape at the gate has to be told.
    struct Visitor: Sendable {
        /// It may run, as long as the lease is kept.
        var start: @Sendable (ScrapeLease) -> Void
        /// There is no place for it.
        var refuse: @Sendable () -> Void
        /// It must end at once: its client does not read, and others wait.
        var cutOff: @Sendable () -> Void
    }

    private struct State {
        var queue = ScrapeQueue()
        var visitors: [Int: Visitor] = [:]
        var lastNumber = 0
        var isLooking = false
    }

    private let clock: any CollectorClock
    private let budget: ByteBudget
    private let refused: Counter
    private let stalled: Counter
    private let withoutMemory: Counter
    private let state = Mutex(State())

    init(_ context: ComponentContext) {
        clock = context.clock
        budget = context.budget
        let failed = { (reason: String) in
            context.telemetry.counter(
                "otelcol_exporter_prometheus_failed_scrapes", "Scrapes that were refused or broken off, by reason",
                [("exporter", "\(context.id)"), ("reason", reason)])
        }
        refused = failed("busy")
        stalled = failed("stalled")
        withoutMemory = failed("memory")
    }

    func enter(_ visitor: Visitor) {
        perform { state in
            state.lastNumber += 1
            state.visitors[state.lastNumber] = visitor
            return state.queue.enter(state.lastNumber, now: clock.now())
        }
        look(isFirst: true)
    }

    fileprivate func work(_ number: Int) { state.withLock { $0.queue.work(number) } }

    fileprivate func rest(_ number: Int) {
        let now = clock.now()
        state.withLock { $0.queue.rest(number, now: now) }
    }

    fileprivate func leave(_ number: Int) {
        perform { state in
            state.visitors[number] = nil
            return state.queue.leave(number)
        }
    }

    /// Raises a scrape's charge; false when it must end for want of memory. The endpoint does not fall silent because
    /// others have taken all memory: a few scrapes go on uncharged.
    fileprivate func charge(_ reservation: ByteReservation?, _ bytes: Int) -> Bool {
        do {
            try reservation?.grow(to: bytes)
            return true
        } catch {
            if state.withLock({ $0.queue.runningCount }) <= Self.unchargedCount { return true }
            withoutMemory.add()
            return false
        }
    }

    private static let unchargedCount = 2

    /// Looks again and again while somebody waits.
    private func look(isFirst: Bool) {
        let isNeeded = state.withLock { state in
            if isFirst, state.isLooking { return false }
            state.isLooking = state.queue.hasWaiting
            return state.isLooking
        }
        guard isNeeded else { return }
        clock.schedule(after: .milliseconds(50)) { [weak self] in
            guard let self else { return }
            perform { $0.queue.look(now: self.clock.now()) }
            look(isFirst: false)
        }
    }

    private func perform(_ change: (inout State) -> [ScrapeQueue.Action]) {
        let calls = state.withLock { state in
            change(&state).compactMap { call(for: $0, &state) }
        }
        // Outside of the lock: what is called may come back here.
        for call in calls { call() }
    }

    private func call(for action: ScrapeQueue.Action, _ state: inout State) -> (() -> Void)? {
        switch action {
        case .start(let number):
            guard let visitor = state.visitors[number] else { return nil }
            let lease = ScrapeLease(self, number, try? budget.reserve(0))
            return { visitor.start(lease) }
        case .refuse(let number):
            refused.add()
            return state.visitors.removeValue(forKey: number)?.refuse
        case .cutOff(let number):
            stalled.add()
            return state.visitors[number]?.cutOff
        }
    }
}

/// The right of a scrape to run and to keep its memory; given back with the last reference.
final class ScrapeLease: Sendable {
    private let gate: ScrapeGate
    private let number: Int
    private let reservation: ByteReservation?

    fileprivate init(_ gate: ScrapeGate, _ number: Int, _ reservation: ByteReservation?) {
        self.gate = gate
        self.number = number
        self.reservation = reservation
    }

    /// A piece is being made: it is not the client who lets others wait.
    func work() { gate.work(number) }

    /// A piece is made, and it is the client's turn.
    ///
    /// - Parameter bytes: what the scrape holds now.
    /// - Returns: false when there is no memory for that and the scrape must end.
    func rest(holding bytes: Int) -> Bool {
        gate.rest(number)
        return gate.charge(reservation, bytes)
    }

    deinit { gate.leave(number) }
}
